package scrub_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ledger-sdk/ledger-go/internal/scrub"
)

// P6.
func TestQuery(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"nothing to hide", "page=2&q=shoes", "page=2&q=shoes"},
		{"empty", "", ""},
		{"first, middle and last", "token=a&page=2&key=b&x=1&secret=c", "token=REDACTED&page=2&key=REDACTED&x=1&secret=REDACTED"},
		{"names that are plain elsewhere", "key=1&code=1&state=1&sig=1&mapkey=1", "key=REDACTED&code=REDACTED&state=REDACTED&sig=REDACTED&mapkey=REDACTED"},
		{
			"the conventions' list", "X-Amz-Signature=1&X-Amz-Credential=2&X-Amz-Security-Token=3&AWSAccessKeyId=4&Signature=5&sig=6&X-Goog-Signature=7",
			"X-Amz-Signature=REDACTED&X-Amz-Credential=REDACTED&X-Amz-Security-Token=REDACTED&AWSAccessKeyId=REDACTED&Signature=REDACTED&sig=REDACTED&X-Goog-Signature=REDACTED",
		},
		{"compound names", "api_key=1&accessToken=2&client-secret=3", "api_key=REDACTED&accessToken=REDACTED&client-secret=REDACTED"},
		{"near misses", "prompt_tokens=5&zip_code=1&order_state=new&tokenizer=x&sort_key=a&primary_key=b&monkey=c", "prompt_tokens=5&zip_code=1&order_state=new&tokenizer=x&sort_key=a&primary_key=b&monkey=c"},
		{"any case", "TOKEN=a&Password=b", "TOKEN=REDACTED&Password=REDACTED"},
		{"encoded name", "%74oken=a&api%5Fkey=b&access+token=c", "%74oken=REDACTED&api%5Fkey=REDACTED&access+token=REDACTED"},
		{"name that does not decode", "%zztoken=a", "%zztoken=REDACTED"},
		{"brackets", "user%5Bpassword%5D=a&user[token]=b", "user%5Bpassword%5D=REDACTED&user[token]=REDACTED"},
		{"value with =", "token=a=b=c&x=1", "token=REDACTED&x=1"},
		{"repeated", "token=a&token=b", "token=REDACTED&token=REDACTED"},
		{"behind a semicolon", "a=1;token=b;c=2", "a=1;token=REDACTED;c=2"},
		{"no value", "token=&token&x=1", "token=&token&x=1"},
		{"separators only", "&&;&", "&&;&"},
	}
	s := scrub.New(scrub.Config{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, s.Query(tt.in))
			assert.Equal(t, tt.want, s.Query(tt.want), "what is hidden stays so")
		})
	}
	assert.Equal(t, "token=a", (*scrub.Scrubber)(nil).Query("token=a"))
}
