package scrub_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ledger-sdk/ledger-go/internal/scrub"
)

const secretKeys = `
password Password PASSWORD user.password user_password db-password dbpassword passwordConfirmation password_hash password2
passwd passwd_hash mysql_passwd passphrase passcode pwd mysql_pwd db_pass pass secret client_secret clientSecret CLIENT-SECRET secrets
client.secret secret_id aws_secret_access_key token accessToken access-token ACCESS_TOKEN access.token refresh_token id_token
csrf_token csrfmiddlewaretoken x-csrf-token X-XSRF-TOKEN x-auth-token auth_tokens token_value HTTPToken oauth2Token apikey
api_key apiKey API-KEY x-api-key x_goog_api_key private_key privateKey ssh_key signing_key encryption_key access_key
access_key_id AWSAccessKeyId subscription-key credential credentials X-Amz-Credential X-Amz-Security-Token X-Amz-Signature
X-Goog-Signature authorization Authorization proxy-authorization http.request.header.authorization authorization_header
auth x-auth cookie set-cookie set_cookie http.request.header.cookie http.response.header.set-cookie cookies jwt bearer csrf
otp pin user.pin my_app.pin ssn social_security_number cvv cvc cvv2 card_number creditCard PHPSESSID JSESSIONID connect.sid
ASP.NET_SessionId seed_phrase verification_code recoveryCodes SAMLResponse password_reset_link user[password] new_password`

const publicKeys = `
http.request.method http.route url.path url.scheme http.response.status_code http.server.request.duration ledger.duration_ms
client.address network.peer.address network.protocol.version user_agent.original request.id error.type trace_id span_id
service.name exception.message prompt_tokens completion_tokens total_tokens max_tokens token_count tokens tokenizer
gen_ai.usage.input_tokens gen_ai.token.type token_type token_expires_in page_token nextToken cancellation_token secretary
secret_name secret.arn password_reset_at password_changed_at password_length passwordless has_password is_token_valid
key keys primary_key cache_key sort_key partition_key foreign_key idempotency_key public_key key_id kms_key_id keyboard
monkey author authors authority authorize_url authorization_endpoint authorization_url auth_method authenticated
session.id session_id sessionId cookie_name accept_cookies access-control-allow-credentials withCredentials
credential_type status_code zip_code country_code error.code state order_state compass bypass passed pass_count gpio_pin
spinner opinion signature_method function_signature phone_number line_number dashboard card_type erlang.otp a ab _ . -- `

func TestKeysOfSecrets(t *testing.T) {
	s := scrub.New(scrub.Config{})
	for key := range strings.FieldsSeq(secretKeys) {
		assert.True(t, s.Key(key), key)
	}
	for key := range strings.FieldsSeq(publicKeys) {
		assert.False(t, s.Key(key), key)
	}
	assert.False(t, s.Key(""))
	assert.True(t, s.Key(strings.Repeat("x.", 500)+"password"), "the end of a long key counts")
	assert.False(t, (*scrub.Scrubber)(nil).Key("password"))
}

// What counts is the key, not how its words are joined: the filter before the rules must
// let every secret key pass, at an even and at an odd offset, in any case.
func TestKeysAreSecretAtAnyOffsetInAnyCase(t *testing.T) {
	s := scrub.New(scrub.Config{})
	for key := range strings.FieldsSeq(secretKeys) {
		for _, prefix := range []string{"a.", "ab.", "app.user.", "x.y.z."} {
			assert.True(t, s.Key(prefix+key), prefix+key)
			assert.True(t, s.Key(prefix+strings.ToLower(key)) || key != strings.ToLower(key), prefix+key)
		}
		if key == strings.ToLower(key) {
			assert.True(t, s.Key(strings.ToUpper(key)), key)
		}
	}
}

// P7.
func TestKeysOfTheApplication(t *testing.T) {
	s := scrub.New(scrub.Config{
		Keys:      []string{"IBAN", "tax-id", "user.nick", "k", "both", "", "--", "straße"},
		AllowKeys: []string{"token", "Page_Password", "both", "state"},
	})
	for _, key := range []string{"iban", "customer.iban", "customer[iban]", "taxId", "TAX_ID", "a.tax.id", "user.nick", "app.user.nick", "k", "both", "a.both", "straße"} {
		assert.True(t, s.Key(key), key)
	}
	for _, key := range []string{"token", "a.token", "TOKEN", "page.password", "ibans", "my_iban", "nick", "other.nick", "kk", ""} {
		assert.False(t, s.Key(key), key)
	}
	assert.True(t, s.Key("access_token"), "only the key itself is allowed")

	assert.Equal(t, "iban=[REDACTED] k=[REDACTED] tax_id: [REDACTED]", s.Text("iban=DE1 k=v tax_id: 77"))
	assert.Equal(t, `{"token":"abc","tax_id":"[REDACTED]"}`, s.Text(`{"token":"abc","tax_id":"77"}`))
	assert.Equal(t, "token=[REDACTED]", s.Text("token=ghp_0123456789abcdefghijABCDEFGHIJ012345"), "known by its looks")
	assert.Equal(t, "token=a&state=b&iban=REDACTED&access_token=REDACTED", s.Query("token=a&state=b&iban=DE1&access_token=c"))
}

func TestKeysAreCopied(t *testing.T) {
	keys := []string{"iban"}
	s := scrub.New(scrub.Config{Keys: keys})
	keys[0] = "other"
	assert.True(t, s.Key("iban"))
	assert.False(t, s.Key("other"))
}
