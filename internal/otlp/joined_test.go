package otlp

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTheTextOfJoinedErrorsIsTheirs(t *testing.T) {
	one, two, three := errors.New("one"), errors.New(""), fmt.Errorf("three: %w", io.EOF)
	for name, err := range map[string]error{
		"flat":      errors.Join(one, two, three),
		"of one":    errors.Join(one),
		"left":      errors.Join(errors.Join(errors.Join(one, two), three), one),
		"right":     errors.Join(one, errors.Join(two, errors.Join(three, one))),
		"in a text": fmt.Errorf("all: %w", errors.Join(one, errors.Join(two, three))),
		"twice":     errors.Join(one, errors.Join(one, one)),
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, err.Error(), ErrorText(err)) })
	}
}

// counted counts how often it is asked.
type counted struct{ asked *int }

func (c counted) Error() string { *c.asked++; return "text" }

func TestTheTextOfJoinedErrorsIsBounded(t *testing.T) {
	asked := 0
	var grown, doubled error = counted{&asked}, counted{&asked}
	for range 5_000 {
		grown = errors.Join(grown, counted{&asked})
	}
	assert.Len(t, ErrorText(grown), 5_001*5-1)
	assert.Equal(t, 5_001, asked, "each once")

	for range 64 {
		doubled = errors.Join(doubled, doubled) // 2^64 of them
	}
	text := ErrorText(doubled)
	assert.True(t, strings.HasSuffix(text, Mark))
	assert.LessOrEqual(t, len(text), maxJoined+len("text\n")+len(Mark))

	deep := error(counted{&asked})
	for range 50_000 {
		deep = errors.Join(deep)
	}
	assert.Equal(t, "text", ErrorText(deep))
}
