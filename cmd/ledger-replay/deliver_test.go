package main

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ledger-sdk/ledger-go/sender"
)

func TestGivesUp(t *testing.T) {
	refused := sender.Health{Phase: sender.PhaseHold, Reason: "401 Unauthorized", Message: "who are you"}
	down := func(attempts int) sender.Health {
		return sender.Health{Phase: sender.PhaseBackoff, Reason: "connection refused", FailedAttempts: attempts}
	}
	for name, tt := range map[string]struct {
		health          sender.Health
		inFlight, limit int
		want            string
	}{
		"all is well":              {sender.Health{Phase: sender.PhaseSending}, 0, 1, ""},
		"nothing due":              {sender.Health{Phase: sender.PhaseIdle}, 0, 1, ""},
		"hold":                     {refused, 0, 0, "the server refuses: 401 Unauthorized (who are you)"},
		"hold, and one on its way": {refused, 1, 0, ""},
		"pause":                    {sender.Health{Phase: sender.PhaseThrottled, Reason: "429"}, 0, 1, ""},
		"failures below the limit": {down(2), 0, 3, ""},
		"failures at the limit":    {down(3), 0, 3, "gave up after 3 failed attempts: connection refused"},
		"failures, one on its way": {down(3), 1, 3, ""},
		"failures without a limit": {down(1000), 0, 0, ""},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tt.want, givesUp(tt.health, tt.inFlight, tt.limit)) })
	}
}
