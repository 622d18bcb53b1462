//go:build !linux

package disk

// Network tells on what kind of network file system a directory lies: nothing
// that is known here.
func Network(string) (kind string, err error) { return "", nil }
