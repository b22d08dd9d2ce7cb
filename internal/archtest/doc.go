// Package archtest holds the rules of the house that no linter knows, as tests over
// the source of every module in the repository. It has no code of its own.
//
//   - Goroutines start in the owner files only, so that each has a known stop and join.
//   - No init functions and no package-level state that changes after start.
//   - Every package has a doc.go; no file is over 400 lines, half of them are within 170.
//   - A test sleeps only on the fake clock of a synctest bubble.
//   - Every promise (W1 to W8, S1 to S3, L1 and L2) is cited by a test.
//
// Which package may import which is held by depguard in .golangci.yml.
//
// Each rule is a function from syntax to findings, and is itself tested on a piece of
// source that breaks it: a rule that finds nothing anywhere would pass for ever.
package archtest
