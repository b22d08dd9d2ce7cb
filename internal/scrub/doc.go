// Package scrub hides secrets in what is logged, before it reaches the disk. It is
// pure: it knows keys and text, no records.
//
// A [Scrubber] asks two questions. Key: does a value of this name need to be hidden,
// whatever it is? Text: which parts of this text are secrets, and what is it without
// them? Clean is Text's question without the answer, for those who want to copy nothing.
//
// # What it promises
//
//   - P1 Only the secret is replaced by [REDACTED]. What stands around it stays: the key,
//     the quotes, the scheme of a header, the user and the host of a URL. A value of JSON
//     that had no quotes gets them.
//   - P2 Text(Text(x)) is Text(x), as far as the built-in rules go. What four passes have
//     not settled is hidden as a whole.
//   - P3 Clean(x) is true if and only if Text(x) is x.
//   - P4 Any text will do. Nothing panics, valid UTF-8 stays so, the result is no longer
//     than six times the text and a mark, and the time is linear in the length of the
//     text, whoever wrote it. A pattern of the application costs what it costs.
//   - P5 Where there is nothing to hide nothing is allocated.
//   - P6 Query reads names as a server does, percent-decoded.
//   - P7 Keys of the application win over AllowKeys, and those over the built-in keys.
//     What is a secret by its looks (a card, a token, an address) is hidden under any key.
//   - P8 The application's own rules run before the built-in ones, which so have the last
//     word. A match of the empty string changes nothing, and a template that multiplies
//     the text is stopped.
//
// # What is a secret
//
// By its key: passwords, secrets, tokens, keys that open something, credentials,
// cookies, Authorization, one-time codes. A key is taken as words, so password_reset_at,
// prompt_tokens, primary_key and secretary are none. Deliberately shown: session_id,
// which OpenTelemetry uses to correlate, idempotency_key, page_token, a key, a code or a
// state outside a URL.
//
// By its looks: addresses, payment cards (issuer, length and check digit), JSON Web
// Tokens, Bearer and Basic credentials, passwords in URLs, private keys in PEM, and the
// tokens of services that begin with a name of their own (AKIA, ghp_, xoxb-, ledger_).
//
// By what stands before it in a text: key=value, key: value, "key": "value" with any
// number of backslashes, forms, headers, flags, elements, Go's and Ruby's and Python's
// ways to print a map. Where the pair may as well be a sentence (get token: connection
// refused) a word of a sentence is shown.
//
// What it cannot know: a secret without key and shape, one that was cut into pieces, one
// in base64 or compressed, an order number that happens to pass for a card (one number
// in some hundreds that begin like one).
package scrub
