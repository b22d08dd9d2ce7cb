package main

import (
	_ "github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/store"
	_ "github.com/stretchr/testify/require"
	_ "go.opentelemetry.io/collector/pdata/plog/plogotlp"
	_ "go.uber.org/goleak"
	_ "golang.org/x/sys/unix"
	_ "google.golang.org/protobuf/encoding/protowire"
)

func main() {}
