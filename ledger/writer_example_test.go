package ledger_test

import (
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// What zerolog, the standard log and other programs write is logged line by line:
//
//	zerolog.New(zerolog.MultiLevelWriter(os.Stdout, client.Writer(nil)))
//	log.SetOutput(io.MultiWriter(os.Stderr, client.Writer(nil)))
//	cmd.Stderr = client.Writer(&ledger.WriterOptions{Level: slog.LevelWarn})
func ExampleClient_Writer() {
	dir := scratchDir()
	defer func() { _ = os.RemoveAll(dir) }()
	client, err := ledger.Open(ledger.Config{Dir: dir, Endpoint: "http://127.0.0.1:1"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	w := client.Writer(&ledger.WriterOptions{Level: slog.LevelDebug})
	_, _ = io.WriteString(w, `{"level":"warn","time":"2026-01-02T03:04:05Z","message":"sold out","item":7}`+"\n")
	_, _ = io.WriteString(w, "[ERROR] disk is full\nand a line that does not tell its level\n")
	_, _ = io.WriteString(w, "a line without an end")
	fmt.Println("accepted", client.Stats().Accepted)
	_ = w.Close() // logs what is left, and waits until all is safe from a power cut
	fmt.Println("accepted", client.Stats().Accepted)
	// Output:
	// accepted 3
	// accepted 4
}
