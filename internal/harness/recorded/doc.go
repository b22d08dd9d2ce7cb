// Package recorded is what adapters log with in their tests: a client whose records stay
// within reach of the test, none of them written or sent, and a fake where a real one
// would get in the way.
package recorded
