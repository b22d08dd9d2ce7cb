package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAudit(t *testing.T) {
	base := time.Unix(1000, 0)
	at := func(s int) time.Time { return base.Add(time.Duration(s) * time.Second) }
	calls := []call{
		{number: 1, at: at(0)},
		{number: 2, at: at(9)}, // before
		{number: 3, at: at(10)},
		{number: 4, at: at(15)},
		{number: 5, at: at(19), refused: true},
		{number: 6, at: at(19)},
		{number: 7, at: at(20)},
		{number: 8, at: at(30)}, // after
	}
	// 9 arrived although its process was killed before it could report the call.
	arrived := map[int]int{1: 1, 3: 1, 5: 1, 7: 3, 8: 1, 9: 2}
	r := audit(calls, arrived, at(10), at(20))
	assert.Equal(t, result{emitted: 7, refused: 1, lost: 3, inOutage: 3, lostInIt: 2, duplicates: 3}, r)
	assert.InDelta(t, 2.0/3, r.share(), 1e-9)
	assert.Equal(t, result{emitted: 14, refused: 2, lost: 6, inOutage: 6, lostInIt: 4, duplicates: 6}, r.add(r))
	assert.Zero(t, audit(nil, nil, at(0), at(1)).share())
}

func TestCallsSurviveTheirReport(t *testing.T) {
	for _, c := range []call{
		{number: 7, at: time.Unix(0, 1234567890123456789)},
		{number: 20_000_001, at: time.Unix(3, 0), refused: true},
	} {
		got, err := parseCall(strings.TrimSuffix(c.line(), "\n"))
		require.NoError(t, err)
		assert.Equal(t, c, got)
	}
	_, err := parseCall("7 half a li")
	require.Error(t, err)
}
