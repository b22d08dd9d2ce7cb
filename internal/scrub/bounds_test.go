package scrub_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ledger-sdk/ledger-go/internal/scrub"
)

// P4: what an attacker repeats a hundred thousand times costs what it weighs. A quadratic
// rule takes minutes for it; the bound is wide because the machine may be
// busy.
func TestTimeIsLinearInTheText(t *testing.T) {
	s := scrub.New(scrub.Config{Keys: []string{"k"}})
	for _, unit := range []string{
		"@", "1", "a", "a.a.a.", `"`, `\`, "://", "-", "=", ":", "%", "%40", "%3D", ">", "<a>", "J", "eyJ", ".eyJ.", "a@", "a@b.", "1 ", "1111 ", "1111-",
		"4111%20", "--a ", "-----BEGIN PRIVATE KEY-----", "-----BEGIN ", "token:[", "token:{", `"token":[`, `"token":"`, `\"token\":\"`,
		"token=", "token: ", "token,", "k=a,", "k=a;b", "key: ", "cookie: ", "authorization: x ", "authorization: bearer ", "a://b:c@d/", "a://b:c/",
		"name=\"token\"", "name token value=", "Bearer ", "basic ", "AKIA", " AKIAIOSFODNN7EXAMPLE", "<token>", "<token>a", "sk-", "ledger_", "a_", " \t", "\xff",
		"token='", "k=`", "https://hooks.slack.com/services/", "a:b@tcp(", "\\u003c", "k=&", "k= ",
		"pwd=/", "pin=", "-eyJ", "basic+",
	} {
		text := strings.Repeat(unit, 1<<18/len(unit))
		start := time.Now()
		out := s.Text(text)
		assert.Less(t, time.Since(start), 15*time.Second, "%q", unit)
		assert.LessOrEqual(t, len(out), 6*len(text)+32, "%q", unit)
	}
}
