package ledgerlogrus

import (
	"io"

	"github.com/sirupsen/logrus"

	"github.com/ledger-sdk/ledger-go/internal/harness/recorded"
)

func testLogger(opts ...Option) (*logrus.Logger, *recorded.Fake) {
	c := &recorded.Fake{}
	return logrusWith(newHook(c, opts)), c
}

func logrusWith(h logrus.Hook) *logrus.Logger {
	log := logrus.New()
	log.SetOutput(io.Discard)
	log.SetLevel(logrus.TraceLevel)
	log.AddHook(h)
	return log
}
