package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTables(t *testing.T) {
	minute := scenario{outage: refused, rate: 10, down: time.Minute}
	worse := scenario{outage: killed, rate: 200, down: time.Minute}
	results := []result{
		{peer: "ours", scenario: minute, emitted: 850, inOutage: 600, late: 3},
		{peer: "theirs", scenario: minute, emitted: 850, lost: 600, inOutage: 600, lostInIt: 598},
		{peer: "ours", scenario: worse, emitted: 16_800, inOutage: 11_800, duplicates: 1000},
		{peer: "theirs", scenario: worse, emitted: 1_016_799, lost: 12_000, inOutage: 11_800, lostInIt: 11_800, refused: 2},
	}
	var text bytes.Buffer
	require.NoError(t, writeText(&text, results))
	lines := strings.Split(text.String(), "\n")
	require.Len(t, lines, 6)
	assert.Equal(t, strings.Fields("refused 60 s, 10/s theirs 850 600 99% 0 0 0"), strings.Fields(lines[2]))
	assert.Equal(t, strings.Fields("kill 60 s, 200/s theirs 1,016,799 12,000 100% 0 2 0"), strings.Fields(lines[4]))

	var markdown bytes.Buffer
	writeMarkdown(&markdown, results)
	assert.Equal(t, `
Connections refused. Records lost, and the share of those logged during the outage:

| library | 60 s, 10/s | 60 s, 200/s |
| --- | ---: | ---: |
| ours | 0 |  |
| theirs | 600 (99%) |  |

Connections refused, and a SIGKILL of the logging process halfway. Records lost, and the share of those logged during the outage:

| library | 60 s, 10/s | 60 s, 200/s |
| --- | ---: | ---: |
| ours |  | 0 |
| theirs |  | 12,000 (100%) |

All runs of a library together:

| library | logged | lost | duplicates | refused with an error | delivered by the next process |
| --- | ---: | ---: | ---: | ---: | ---: |
| ours | 17,650 | 0 | 1,000 | 0 | 3 |
| theirs | 1,017,649 | 12,600 | 0 | 2 | 0 |
`, markdown.String())
}

// A share is rounded to none or all only when it is that.
func TestPercent(t *testing.T) {
	for want, r := range map[string]result{
		"0%":   {inOutage: 10_000},
		"1%":   {inOutage: 10_000, lostInIt: 1},
		"50%":  {inOutage: 10_000, lostInIt: 5_020},
		"99%":  {inOutage: 10_000, lostInIt: 9_999},
		"100%": {inOutage: 10_000, lostInIt: 10_000},
	} {
		assert.Equal(t, want, percent(r))
	}
}
