package loggers

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"log/slog"
	"os/exec"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

func TestZap(t *testing.T) {
	for name, encoder := range map[string]zapcore.EncoderConfig{
		"production": zap.NewProductionEncoderConfig(), "development": zap.NewDevelopmentEncoderConfig(),
		"coloured": coloured(zap.NewDevelopmentEncoderConfig()),
		"no newline": {
			MessageKey: "msg", LevelKey: "level", TimeKey: "ts", NameKey: "logger", CallerKey: "caller", StacktraceKey: "stacktrace", SkipLineEnding: true,
			EncodeLevel: zapcore.CapitalLevelEncoder, EncodeTime: zapcore.EpochNanosTimeEncoder, EncodeCaller: zapcore.FullCallerEncoder,
		},
	} {
		t.Run(name, func(t *testing.T) {
			before := time.Now().Truncate(time.Millisecond)
			arrivals := delivered(t, func(w io.Writer) {
				core := zapcore.NewCore(zapcore.NewJSONEncoder(encoder), zapcore.AddSync(w), zapcore.DebugLevel)
				l := zap.New(core, zap.AddCaller(), zap.AddStacktrace(zapcore.ErrorLevel)).Named("shop")
				l.Warn("sold out", zap.Dict("user", zap.Int("id", 7)), zap.Namespace("n"), zap.Int("a", 1))
				l.Error("not paid", zap.Error(errors.New("no")))
			})
			require.Len(t, arrivals, 2)
			a, b := arrivals[0], arrivals[1]
			assert.Equal(t, "sold out", a.body)
			assert.Equal(t, 13, a.severity)
			assert.WithinRange(t, a.time, before, time.Now())
			assert.Regexp(t, `loggers/others_test\.go$`, a.attrs["code.file.path"])
			assert.Equal(t, []any{"shop", int64(7), int64(1)}, []any{a.attrs["logger.name"], a.attrs["user.id"], a.attrs["n.a"]})
			assert.Len(t, a.attrs, 5)
			assert.Equal(t, "exception", b.kind)
			assert.Equal(t, "no", b.attrs["exception.message"])
			assert.Regexp(t, `^at testing\.tRunner\(testing\.go:\d+\)$`, b.attrs["exception.stacktrace"], "without this library's own frames")
		})
	}
}

func coloured(c zapcore.EncoderConfig) zapcore.EncoderConfig {
	c.EncodeLevel = zapcore.CapitalColorLevelEncoder
	return c
}

func TestSlog(t *testing.T) {
	before := time.Now()
	a := one(t, delivered(t, func(w io.Writer) {
		l := slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{AddSource: true}))
		l.With("a", 1).WithGroup("g").Log(t.Context(), slog.LevelError+2, "not paid", "err", errors.New("no"), "d", time.Second)
	}))
	assert.Equal(t, "not paid", a.body)
	assert.Equal(t, 19, a.severity)
	assert.WithinRange(t, a.time, before, time.Now())
	assert.Equal(t, []any{int64(1), "no", int64(time.Second)}, []any{a.attrs["a"], a.attrs["g.err"], a.attrs["g.d"]})
	assert.Regexp(t, `loggers\.TestSlog\.func1$`, a.attrs["code.function.name"])
}

func TestLogrus(t *testing.T) {
	before := time.Now().Truncate(time.Second)
	arrivals := delivered(t, func(w io.Writer) {
		l := logrus.New()
		l.SetOutput(w)
		l.SetFormatter(&logrus.JSONFormatter{})
		l.SetReportCaller(true)
		l.WithField("a", 1).Warn("sold out")
		l.WithError(errors.New("no")).Error("not paid")
	})
	require.Len(t, arrivals, 2)
	a, b := arrivals[0], arrivals[1]
	assert.Equal(t, "sold out", a.body)
	assert.Equal(t, 13, a.severity)
	assert.WithinRange(t, a.time, before, time.Now())
	assert.Equal(t, int64(1), a.attrs["a"])
	assert.Len(t, a.attrs, 4)
	assert.Equal(t, "exception", b.kind)
	assert.Regexp(t, `^at github\.com/.*/loggers\.TestLogrus\.func1\(others_test\.go:\d+\)$`, b.attrs["exception.stacktrace"])
}

// Neither ends its writes with its lines.
func TestWhatIsNoLogger(t *testing.T) {
	arrivals := delivered(t, func(w io.Writer) {
		buffered := bufio.NewWriterSize(w, 16)
		for range 3 {
			_, _ = buffered.WriteString("a line of 22 characters\n")
		}
		require.NoError(t, buffered.Flush())
		cmd := exec.Command("printf", `one\n{"level":"warn","msg":"two"}\nthree`)
		cmd.Stdout = w
		require.NoError(t, cmd.Run())
		require.NoError(t, w.(io.Closer).Close())
		_, err := io.Copy(w, bytes.NewReader([]byte("four\n")))
		require.NoError(t, err)
	})
	var bodies []string
	for _, a := range arrivals {
		bodies = append(bodies, a.body)
	}
	const line = "a line of 22 characters"
	assert.Equal(t, []string{line, line, line, "one", "two", "three", "four"}, bodies)
}
