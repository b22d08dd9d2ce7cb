// Package policy holds what the options of the adapters mean: what is recorded of a
// request, whom to believe about its client, and which requests are left out. It knows
// neither net/http nor any framework, so that an option of one adapter does what the
// option of the same name does in another.
//
// All types are safe for concurrent use, and their zero values or nil pointers ask for
// nothing, unless they say otherwise.
package policy
