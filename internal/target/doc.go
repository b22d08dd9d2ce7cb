// Package target judges where records are sent and what opens the door there: URLs, keys
// and headers as people write them. The library and the command line agree on them by it.
// No verdict repeats what was judged: that may be a secret.
package target
