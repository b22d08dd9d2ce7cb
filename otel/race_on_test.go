//go:build race

package ledgerotel

const raceDetector = true
