package policy

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestRedactionByName(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"nothing to hide", "page=2&q=shoes", "page=2&q=shoes"},
		{"empty", "", ""},
		{"first, middle and last", "token=a&page=2&key=b&x=1&secret=c", "token=REDACTED&page=2&key=REDACTED&x=1&secret=REDACTED"},
		{"every plain name", "key=1&token=1&password=1&secret=1&code=1&state=1&sig=1", "key=REDACTED&token=REDACTED&password=REDACTED&secret=REDACTED&code=REDACTED&state=REDACTED&sig=REDACTED"},
		{
			"the conventions' list", "X-Amz-Signature=1&X-Amz-Credential=2&X-Amz-Security-Token=3&AWSAccessKeyId=4&Signature=5&sig=6&X-Goog-Signature=7",
			"X-Amz-Signature=REDACTED&X-Amz-Credential=REDACTED&X-Amz-Security-Token=REDACTED&AWSAccessKeyId=REDACTED&Signature=REDACTED&sig=REDACTED&X-Goog-Signature=REDACTED",
		},
		{"compound names", "api_key=1&accessToken=2&client-secret=3", "api_key=REDACTED&accessToken=REDACTED&client-secret=REDACTED"},
		{"near misses", "prompt_tokens=5&zip_code=1&order_state=new&tokenizer=x", "prompt_tokens=5&zip_code=1&order_state=new&tokenizer=x"},
		{"any case", "TOKEN=a&Password=b", "TOKEN=REDACTED&Password=REDACTED"},
		{"encoded name", "%74oken=a", "%74oken=REDACTED"},
		{"name that does not decode", "%zztoken=a", "%zztoken=REDACTED"},
		{"value with =", "token=a=b=c&x=1", "token=REDACTED&x=1"},
		{"repeated", "token=a&token=b", "token=REDACTED&token=REDACTED"},
		{"behind a semicolon", "a=1;token=b;c=2", "a=1;token=REDACTED;c=2"},
		{"no value", "token=&token&x=1", "token=&token&x=1"},
		{"separators only", "&&;&", "&&;&"},
		{"an extra one", "iban=DE1&page=2", "iban=REDACTED&page=2"},
	}
	d := NewRedactor("IBAN")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, d.Redact(tt.in)) })
	}
}

// FuzzRedactionHidesEverySecret checks M6 against the parser that a server uses.
func FuzzRedactionHidesEverySecret(f *testing.F) {
	for _, s := range []string{"a=1", "token=x&b=2", "%74oken=x", "a=1;key=v", "=&=&", "%", "password=%26&q", "sig=1&sig=2"} {
		f.Add(s)
	}
	d := NewRedactor()
	f.Fuzz(func(t *testing.T, raw string) {
		out := d.Redact(raw)
		assert.Equal(t, strings.Count(raw, "&"), strings.Count(out, "&"), "parameters stay in place")
		values, _ := url.ParseQuery(out)
		for name, vs := range values {
			if !d.secret(url.QueryEscape(name)) {
				continue
			}
			for _, v := range vs {
				if v != "" {
					assert.Equal(t, "REDACTED", v, "parameter %q of %q", name, raw)
				}
			}
		}
		assert.Equal(t, out, d.Redact(out), "what is redacted stays so")
	})
}
