package datadir

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// placeOf names the place of a file: a copy of it has another. The file system
// counts only where it tells no time of birth, for some take its name from the
// device, which may have another one after the next start.
func placeOf(f *os.File) (string, error) {
	var s unix.Statx_t
	err := unix.Statx(int(f.Fd()), "", unix.AT_EMPTY_PATH, unix.STATX_INO|unix.STATX_BTIME, &s)
	if err != nil {
		return "", err
	}
	if s.Mask&unix.STATX_BTIME != 0 {
		return fmt.Sprintf("inode %d born %d.%09d", s.Ino, s.Btime.Sec, s.Btime.Nsec), nil
	}
	var fs unix.Statfs_t
	if err := unix.Fstatfs(int(f.Fd()), &fs); err != nil {
		return "", err
	}
	return fmt.Sprintf("inode %d on %x", s.Ino, fs.Fsid.Val), nil
}
