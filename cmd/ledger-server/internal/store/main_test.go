package store

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// openTest opens a store in a fresh directory and closes it with the test.
func openTest(t testing.TB) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "db", "logs.db"), Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// rec makes a record whose time is n, changed by what a test is about.
func rec(n int, changes ...func(*record.Record)) record.Record {
	r := record.Record{
		ID: fmt.Sprintf("id-%06d", n), Time: int64(n), Ingested: 1,
		Level: record.LevelInfo, Type: record.TypeLogger, Importance: record.ImportanceStandard,
		Service: "shop", Message: fmt.Sprintf("line %d", n),
		Attributes: `{}`, Resource: &record.Resource{Attributes: `{"service.name":"shop"}`},
	}
	for _, change := range changes {
		change(&r)
	}
	return r
}

func recs(from, n int) []record.Record {
	out := make([]record.Record, n)
	for i := range out {
		out[i] = rec(from + i)
	}
	return out
}

func ids(records []record.Record) []string {
	out := make([]string, len(records))
	for i, r := range records {
		out[i] = r.ID
	}
	return out
}

func mustAppend(t testing.TB, s *Store, records ...record.Record) Appended {
	t.Helper()
	a, err := s.Append(context.Background(), records)
	require.NoError(t, err)
	return a
}
