package harness

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// childMode makes this test binary a child process of the named kind.
const childMode = "HARNESS_TEST_CHILD"

func TestMain(m *testing.M) {
	switch mode, arg, _ := strings.Cut(os.Getenv(childMode), " "); mode {
	case "":
		goleak.VerifyTestMain(m)
	case "polite": // ends at SIGTERM
		c := make(chan os.Signal, 1)
		signal.Notify(c, syscall.SIGTERM)
		fmt.Println("ready on here")
		<-c
		fmt.Println("bye")
	case "stubborn": // does not
		signal.Ignore(syscall.SIGTERM)
		fmt.Println("ready")
		<-time.After(time.Minute)
	case "failing":
		fmt.Fprintln(os.Stderr, "cannot go on")
		os.Exit(3)
	case "chatty":
		for i := range 10 * keptLines {
			fmt.Println("line", i, strings.Repeat("x", 2*keptLine))
		}
	case "parent": // of a child that holds a connection
		_ = os.Setenv(childMode, "connected "+arg)
		if _, err := Start("child", os.Args[0]); err != nil {
			fmt.Println(err)
		}
		<-time.After(time.Minute)
	case "connected":
		if conn, err := net.Dial("tcp", arg); err == nil {
			_, _ = io.WriteString(conn, "here\n")
		}
		<-time.After(time.Minute)
	}
}

func start(t *testing.T, mode string) *Process {
	t.Helper()
	t.Setenv(childMode, mode)
	p, err := Start(mode, os.Args[0])
	require.NoError(t, err)
	t.Cleanup(func() { _ = p.Kill() })
	return p
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestWaitLineReturnsTheRestOfTheLine(t *testing.T) {
	p := start(t, "polite")
	rest, err := p.WaitLine(within(t, time.Minute), "ready on ")
	require.NoError(t, err)
	assert.Equal(t, "here", rest)
}

func TestWaitLineOfAProcessThatEndedTellsItsOutput(t *testing.T) {
	p := start(t, "failing")
	_, err := p.WaitLine(within(t, time.Minute), "ready")
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.ErrorContains(t, err, "cannot go on")
	assert.ErrorContains(t, p.Err(), "exit status 3")
}

func TestWaitLineEndsWithItsContext(t *testing.T) {
	p := start(t, "polite")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := p.WaitLine(ctx, "never")
	require.ErrorIs(t, err, context.Canceled)
}

func TestStopLetsTheProcessFinish(t *testing.T) {
	p := start(t, "polite")
	_, err := p.WaitLine(within(t, time.Minute), "ready")
	require.NoError(t, err)
	require.NoError(t, p.Stop(time.Minute))
	assert.Contains(t, p.Output(), "bye")
}

func TestStopKillsAfterTheGraceAndSaysSo(t *testing.T) {
	p := start(t, "stubborn")
	_, err := p.WaitLine(within(t, time.Minute), "ready")
	require.NoError(t, err)
	require.ErrorContains(t, p.Stop(50*time.Millisecond), "still there after 50ms")
	<-p.Done()
}

func TestKillIsOverWhenItReturnsAndMayBeRepeated(t *testing.T) {
	p := start(t, "stubborn")
	require.NoError(t, p.Kill())
	select {
	case <-p.Done():
	default:
		assert.Fail(t, "still there")
	}
	require.NoError(t, p.Kill())
	require.Error(t, p.Err())
}

func TestOutputIsBounded(t *testing.T) {
	p := start(t, "chatty")
	require.NoError(t, p.Err())
	assert.LessOrEqual(t, len(p.Output()), keptLines*(keptLine+1))
	assert.Contains(t, p.Output(), fmt.Sprint("line ", 10*keptLines-1))
}

func TestAChildDiesWithItsParent(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the kernel has no such service")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	parent := start(t, "parent "+l.Addr().String())
	require.NoError(t, l.(*net.TCPListener).SetDeadline(time.Now().Add(time.Minute)))
	conn, err := l.Accept()
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
	r := bufio.NewReader(conn)
	_, err = r.ReadString('\n')
	require.NoError(t, err)

	require.NoError(t, parent.Kill())
	_, err = r.ReadByte()
	require.Error(t, err)
	assert.NotErrorIs(t, err, os.ErrDeadlineExceeded, "the grandchild lives on")
}

func TestAProgramThatIsNotThereIsAnError(t *testing.T) {
	_, err := Start("ghost", "/no/such/program")
	require.ErrorIs(t, err, os.ErrNotExist)
}
