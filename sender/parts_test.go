package sender

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/wal"
)

// part starts this test program again to play a part in a process of its own, on
// the state in dir. The part ends when its input does, or when it is killed.
func part(t *testing.T, name, dir string) (*exec.Cmd, *bufio.Reader, io.Closer) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "SENDER_TEST_PART="+name, "SENDER_TEST_DIR="+dir)
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd, bufio.NewReader(out), in
}

// playPart is the other side of part.
func playPart(name, dir string) error {
	s, err := OpenState(dir)
	if err != nil {
		return err
	}
	switch name {
	case "hold":
		fmt.Println("ready")
		_, err = io.Copy(io.Discard, os.Stdin)
	case "save":
		err = playSaves(s)
	case "full":
		err = playFullDisk(s, dir)
	default:
		err = fmt.Errorf("no part %q", name)
	}
	if err == nil {
		err = s.Close()
	}
	return err
}

// playSaves saves as fast as it can and says what is durable.
func playSaves(s *State) error {
	for cp := s.Account("default").Checkpoint(); ; {
		cp.Epoch = s.Identity().Epoch
		cp.Head++
		cp.Last = cp.Head
		if err := s.Account("default").Save(cp, Counters{Requests: 1}); err != nil {
			return err
		}
		fmt.Println(uint64(cp.Head))
	}
}

// playFullDisk works on a state file that cannot grow by a byte.
func playFullDisk(s *State, dir string) error {
	data, err := os.ReadFile(filepath.Join(dir, stateName))
	if err != nil {
		return err
	}
	meta, err := newestMeta(data)
	if err != nil {
		return err
	}
	if err := limitFileSize(meta.high * uint64(meta.pageSize)); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "control"), make([]byte, len(data)+1<<20), 0o600); err == nil {
		return fmt.Errorf("the limit has no effect")
	}
	if _, err := s.AddResource(bytes.Repeat([]byte("r"), 8<<10)); err != nil {
		return err
	}
	for i := range 200 {
		cp := wal.Checkpoint{Epoch: s.Identity().Epoch, Head: wal.Offset(i + 1), Last: 2000}
		d := Counters{Requests: 1}
		d.each(func(_ string, v *uint64) { *v++ }) // Every counter is stored.
		if err := s.Account("default").Save(cp, d); err != nil {
			return fmt.Errorf("save %d: %w", i, err)
		}
	}
	return nil
}
