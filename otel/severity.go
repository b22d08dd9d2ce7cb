package ledgerotel

import (
	"log/slog"
	"strings"

	"go.opentelemetry.io/otel/log"
)

// infoOffset is the distance between a severity number and slog's level of the same
// meaning. slog chose its levels so that there is one.
const infoOffset = int(log.SeverityInfo)

// levelOf returns the level of a severity. Without a number the text decides, by the
// words that the server would look for in it: no level stands for no number.
func levelOf(n log.Severity, text string) slog.Level {
	if n > log.SeverityUndefined {
		return slog.Level(int(n) - infoOffset)
	}
	for _, word := range [...]struct {
		text     string
		severity log.Severity
	}{
		{"trace", log.SeverityTrace},
		{"debug", log.SeverityDebug},
		{"warn", log.SeverityWarn},
		{"warning", log.SeverityWarn},
		{"error", log.SeverityError},
		{"fatal", log.SeverityFatal},
		{"critical", log.SeverityFatal},
	} {
		if strings.EqualFold(text, word.text) {
			return slog.Level(int(word.severity) - infoOffset)
		}
	}
	return slog.LevelInfo
}

// saysMore reports whether a severity's text is more than a name of its level.
func saysMore(text string, level slog.Level) bool {
	return text != "" && !strings.EqualFold(text, level.String()) &&
		!strings.EqualFold(text, log.Severity(int(level)+infoOffset).String())
}
