//go:build !unix

package ledger_test

// childEnv names what a re-executed test binary does instead of testing: nothing
// on platforms without the signals and limits that the crash tests need.
const childEnv = "LEDGER_TEST_CHILD"

func child() int { return 1 }
