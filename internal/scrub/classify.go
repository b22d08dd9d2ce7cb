package scrub

import "bytes"

// classify finds the noun that makes a key secret, from the end of the key: what stands
// before it says whose (client_secret), what stands after it may say that the value is
// about the secret and not the secret itself (token_type, password_reset_at).
func classify(key string) kind {
	var w words
	w.split(key)
	if k := w.lastNoun(); k != public {
		return k
	}
	for i := range w.count {
		k := w.noun(i)
		if k == public {
			continue
		}
		last := w.word(0)
		if i > 0 && string(last) == "id" {
			// An identifier tells nothing, except these two, which are half of a credential.
			half := i == 1 && (w.is(1, "secret") || w.is(2, "access"))
			return unless(!half, k)
		}
		return unless(i > 0 && about(last) || asks(w.word(i+1)), k)
	}
	return public
}

// noun says what the i-th word from the end means, wherever it stands.
func (w *words) noun(i int) kind {
	word := w.word(i)
	if len(word) < 3 {
		return public
	}
	switch word[len(word)-1] {
	case 'd', 't': // a common end, and a cheap test
		if ends(word, "password") || ends(word, "passwd") || ends(word, "passwort") {
			return chosen
		}
		if ends(word, "secret") {
			return secret
		}
		if ends(word, "accesskeyid") {
			return secret
		}
	case 'n':
		if ends(word, "token") {
			return unless(counted(w.word(i+1)) || string(word) == "nexttoken" || string(word) == "pagetoken", secret)
		}
		if string(word) == "authorization" && (i == 0 || w.is(i-1, "header")) {
			return statement
		}
	case 'l':
		if ends(word, "credential") {
			return secret
		}
	case 's':
		if ends(word, "secrets") || ends(word, "credentials") {
			return secret
		}
		if ends(word, "tokens") {
			return unless(!issues(w.word(i+1)), secret)
		}
		if ends(word, "keys") {
			return unless(!opens(word[:len(word)-1], w.word(i+1)), secret)
		}
	case 'y':
		if ends(word, "key") {
			return unless(!opens(word, w.word(i+1)), secret)
		}
	}
	if word[0] == 'p' && (begin(word, "password") && !begin(word, "passwordless") || begin(word, "passwd")) {
		return chosen
	}
	return public
}

// lastNoun says what the last word means, for those words that mean something only
// there.
func (w *words) lastNoun() kind {
	word, owner := w.word(0), w.word(1)
	alone := w.inLast == 1
	switch string(word) {
	case "jwt", "bearer", "csrf", "xsrf", "ssn", "cvv", "cvc", "cvv2", "creds", "cred", "samlresponse", "phpsessid",
		"jsessionid", "cardnumber", "creditcard":
		return secret
	case "otp":
		return unless(w.is(1, "erlang"), secret)
	case "passphrase", "passcode", "psw", "pswd":
		return chosen
	case "cookie", "cookies", "setcookie":
		return unless(w.is(1, "accept") || w.is(1, "allow") || w.is(1, "enable") || w.is(1, "use") || asks(owner), cookies)
	case "pin":
		return unless(!alone && !w.is(1, "user") && !w.is(1, "card") && !w.is(1, "account") && !w.is(1, "sim"), digits)
	case "pass":
		if logsIn(owner) {
			return chosen
		}
		return unless(!alone, shorthand)
	case "auth":
		return unless(!alone && !w.is(1, "basic") && !w.is(1, "proxy") && !w.is(1, "x"), vague)
	case "signature":
		return unless(w.is(1, "function") || w.is(1, "method") || w.is(1, "type") || w.is(1, "call"), vague)
	case "phrase":
		return unless(!w.is(1, "seed") && !w.is(1, "recovery") && !w.is(1, "pass"), chosen)
	case "code", "codes":
		return unless(!proves(owner), secret)
	case "response":
		return unless(!w.is(1, "saml"), secret)
	case "sid":
		return unless(!w.is(1, "connect"), secret)
	case "id":
		return unless(!w.is(1, "session") || !w.is(2, "net"), secret) // ASP.NET_SessionId
	case "number":
		return unless(!w.is(1, "card") && (!w.is(1, "security") || !w.is(2, "social")), secret)
	case "card":
		return unless(!w.is(1, "credit") && !w.is(1, "debit"), secret)
	}
	return unless(!ends(word, "pwd"), shorthand)
}

func unless(harmless bool, k kind) kind {
	if harmless {
		return public
	}
	return k
}

func ends(word []byte, s string) bool {
	return len(word) >= len(s) && string(word[len(word)-len(s):]) == s
}

func begin(word []byte, s string) bool { return len(word) >= len(s) && string(word[:len(s)]) == s }

// opens reports whether a key is one that opens something, by its own letters or by the
// word before it: maps, tables and caches have keys as well.
func opens(word, owner []byte) bool {
	if len(word) > len("key") {
		compound := bytes.TrimSuffix(word, []byte("key"))
		return ends(compound, "api") || ends(compound, "secret") || ends(compound, "private") || ends(compound, "access") ||
			ends(compound, "auth") || ends(compound, "signing") || ends(compound, "encryption") || ends(compound, "master") ||
			ends(compound, "account") || ends(compound, "ssh")
	}
	switch string(owner) {
	case "api", "secret", "private", "access", "auth", "app", "application", "signing", "encryption", "decryption",
		"hmac", "master", "account", "shared", "subscription", "license", "session", "ssh", "gpg", "pgp", "rsa", "client",
		"deploy", "server", "functions", "webhook", "jwt", "crypto", "cipher", "aes":
		return true
	}
	return false
}
