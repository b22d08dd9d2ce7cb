package ledgerzap_test

import (
	"context"
	"errors"
	"fmt"
	"os"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	ledgerzap "github.com/ledger-sdk/ledger-go/bridge/zap"
	"github.com/ledger-sdk/ledger-go/ledger"
)

// open opens a client whose server is not there: records wait in its directory.
func open() (client *ledger.Client, closeAll func()) {
	dir, err := os.MkdirTemp("", "ledger-example-*")
	if err != nil {
		panic(err)
	}
	client, err = ledger.Open(ledger.Config{Dir: dir, Endpoint: "http://127.0.0.1:1"})
	if err != nil {
		panic(err)
	}
	return client, func() {
		_ = client.Close()
		_ = os.RemoveAll(dir)
	}
}

// Lines go to the terminal, sampled, and all of them to the log server.
func ExampleNew() {
	client, closeAll := open()
	defer closeAll()

	console := zapcore.NewCore(
		zapcore.NewConsoleEncoder(zapcore.EncoderConfig{LevelKey: "level", MessageKey: "msg", EncodeLevel: zapcore.CapitalLevelEncoder, ConsoleSeparator: " "}),
		zapcore.Lock(os.Stdout), zapcore.InfoLevel)
	log := zap.New(zapcore.NewTee(console, ledgerzap.New(client)), zap.AddCaller(), zap.AddStacktrace(zapcore.ErrorLevel+1))

	log.Named("cart").Info("order paid", zap.Int("order", 42))
	log.Error("order not paid", zap.Error(errors.New("card expired")))
	fmt.Println("safe from a power cut:", log.Sync() == nil || client.Sync(context.Background()) == nil)
	fmt.Println("accepted", client.Stats().Accepted)
	// Output:
	// INFO order paid {"order": 42}
	// ERROR order not paid {"error": "card expired"}
	// safe from a power cut: true
	// accepted 2
}

// Records of a request carry its trace, and what was put into its scope.
func ExampleContext() {
	client, closeAll := open()
	defer closeAll()
	log := zap.New(ledgerzap.New(client))

	ctx := context.Background() // of the request
	log.With(ledgerzap.Context(ctx)).Info("order paid", zap.Int("order", 42))
	fmt.Println("accepted", client.Stats().Accepted)
	// Output: accepted 1
}

func ExampleWithLevel() {
	client, closeAll := open()
	defer closeAll()
	level := zap.NewAtomicLevelAt(zapcore.WarnLevel)
	log := zap.New(ledgerzap.New(client, ledgerzap.WithLevel(level)))

	log.Info("not logged")
	level.SetLevel(zapcore.DebugLevel)
	log.Debug("logged")
	fmt.Println("accepted", client.Stats().Accepted)
	// Output: accepted 1
}
