package loggers

import (
	"errors"
	"io"
	"math"
	"testing"
	"time"

	pkgerrors "github.com/pkg/errors" //nolint:depguard // zerolog takes stacks from its errors.
	"github.com/rs/zerolog"
	zerologerrors "github.com/rs/zerolog/pkgerrors"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestZerolog(t *testing.T) {
	before := time.Now().Truncate(time.Second)
	a := one(t, delivered(t, func(w io.Writer) {
		log := zerolog.New(w).With().Timestamp().Caller().Str("service", "shop").Logger()
		log.Warn().Int64("big", math.MaxInt64).Uint64("huge", math.MaxUint64).Float64("f", 0.1).Bool("b", true).
			Dict("user", zerolog.Dict().Int("id", 7).Strs("roles", []string{"a", "b"})).
			Dur("took", 1500*time.Millisecond).Err(errors.New("no")).Str("dup", "a").Str("dup", "b").Msg("sold out")
	}))
	assert.Equal(t, "sold out", a.body)
	assert.Equal(t, 13, a.severity)
	assert.Equal(t, "logger", a.kind)
	assert.WithinRange(t, a.time, before, time.Now())
	assert.Regexp(t, `/zerolog_test\.go$`, a.attrs["code.file.path"])
	delete(a.attrs, "code.file.path")
	delete(a.attrs, "code.line.number")
	assert.Equal(t, map[string]any{
		"service": "shop", "big": int64(math.MaxInt64), "huge": "18446744073709551615", "f": 0.1, "b": true, "user.id": int64(7),
		"user.roles": []any{"a", "b"}, "took": int64(1500), "error": "no", "dup": "b", "exception.type": "error", "exception.message": "no",
	}, a.attrs)
}

func TestLevelsOfZerolog(t *testing.T) {
	arrivals := delivered(t, func(w io.Writer) {
		log := zerolog.New(w).Level(zerolog.TraceLevel)
		for _, event := range []*zerolog.Event{log.Trace(), log.Debug(), log.Info(), log.Warn(), log.Error(), log.WithLevel(zerolog.FatalLevel), log.Log()} {
			event.Send()
		}
		assert.Panics(t, func() { log.Panic().Msg("m") })
	})
	var got []int
	for _, a := range arrivals {
		assert.Empty(t, a.attrs)
		got = append(got, a.severity)
	}
	assert.Equal(t, []int{1, 5, 9, 13, 17, 21, 9, 21}, got)
}

// zerolog's settings are variables of its package.
func TestSettingsOfZerolog(t *testing.T) {
	format, stack := zerolog.TimeFieldFormat, zerolog.ErrorStackMarshaler
	defer func() { zerolog.TimeFieldFormat, zerolog.ErrorStackMarshaler = format, stack }()
	for _, setting := range []string{zerolog.TimeFormatUnix, zerolog.TimeFormatUnixMs, zerolog.TimeFormatUnixMicro, zerolog.TimeFormatUnixNano} {
		zerolog.TimeFieldFormat = setting
		before := time.Now().Truncate(time.Second)
		a := one(t, delivered(t, func(w io.Writer) {
			log := zerolog.New(w).With().Timestamp().Logger()
			log.Info().Msg("m")
		}))
		assert.WithinRange(t, a.time, before, time.Now(), setting)
		assert.Empty(t, a.attrs, setting)
	}
	zerolog.ErrorStackMarshaler = zerologerrors.MarshalStack
	a := one(t, delivered(t, func(w io.Writer) {
		log := zerolog.New(w)
		log.Error().Stack().Err(pkgerrors.New("no")).Msg("m")
	}))
	assert.Equal(t, "exception", a.kind)
	assert.Regexp(t, `^at TestSettingsOfZerolog\.func\d\(zerolog_test\.go:\d+\)\nat delivered\(server_test\.go:\d+\)\n`, a.attrs["exception.stacktrace"])
	assert.NotContains(t, a.attrs, "stack")
}

func TestZerologClosesItsWriterBeforeItExits(t *testing.T) {
	exit := zerolog.FatalExitFunc
	defer func() { zerolog.FatalExitFunc = exit }()
	exits := 0
	zerolog.FatalExitFunc = func() { exits++ }
	arrivals := delivered(t, func(w io.Writer) {
		log := zerolog.New(w)
		log.Fatal().Msg("last words")
		log.Info().Msg("it was not the end")
	})
	require.Len(t, arrivals, 2)
	assert.Equal(t, "last words", arrivals[0].body)
	assert.Equal(t, 21, arrivals[0].severity)
	assert.Equal(t, 1, exits)
}
