//go:build !race

package ledger

// raceDetector says that pools forget at random, to find uses after Put.
const raceDetector = false
