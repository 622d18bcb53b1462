package disk

import (
	"bufio"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// remote are the kinds of file systems whose files lie on another computer, as
// /proc/self/mountinfo names them. File locks there are promises of a server, and
// the memory that SQLite shares between connections is not shared (rule D3).
var remote = []string{
	"9p", "acfs", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "glusterfs", "gpfs", "lustre", "ncp", "ncpfs",
	"nfs", "nfs4", "orangefs", "pvfs2", "smb3", "smbfs",
	"fuse.afpfs", "fuse.blobfuse", "fuse.blobfuse2", "fuse.ceph-fuse", "fuse.curlftpfs", "fuse.davfs", "fuse.davfs2",
	"fuse.gcsfuse", "fuse.geesefs", "fuse.glusterfs", "fuse.google-drive-ocamlfuse", "fuse.goofys", "fuse.grpcfuse",
	"fuse.gvfsd-fuse", "fuse.hdfs", "fuse.juicefs", "fuse.mfs", "fuse.moosefs", "fuse.mount-s3", "fuse.mountpoint-s3",
	"fuse.onedriver", "fuse.osxfs", "fuse.rclone", "fuse.s3fs", "fuse.seaweedfs", "fuse.smbnetfs", "fuse.sshfs",
}

// magics are the same kinds as statfs(2) names them, for a system that does not
// tell its mounts.
var magics = map[uint32]string{
	0x01021997: "9p", 0x5346414f: "afs", 0x6b414653: "afs", 0x00c36400: "ceph", 0xff534d42: "cifs", 0xfe534d42: "smb3",
	0x0000517b: "smbfs", 0x73757245: "coda", 0x0bd00bd0: "lustre", 0x0000564c: "ncp", 0x00006969: "nfs",
}

// kindOf tells of which remote kind the file system of a path is; empty if it is
// none. mounts is /proc/self/mountinfo. A kind that only calls itself FUSE is
// remote if what is mounted is an address.
func kindOf(path string, magic uint32, mounts io.Reader) (string, error) {
	if kind := magics[magic]; kind != "" {
		return kind, nil
	}
	kind, source, err := mountOf(path, mounts)
	switch {
	case err != nil:
		return "", err
	case slices.Contains(remote, kind):
		return kind, nil
	case (kind == "fuse" || strings.HasPrefix(kind, "fuse.")) && isAddress(source):
		return kind, nil
	}
	return "", nil
}

// isAddress tells whether what is mounted is a place on another computer:
// https://cloud.example/dav, //host/share, user@host:folder, host:/folder.
func isAddress(source string) bool {
	host, folder, found := strings.Cut(source, ":")
	return strings.Contains(source, "://") || strings.HasPrefix(source, "//") ||
		found && !strings.Contains(host, "/") && (strings.Contains(host, "@") || strings.HasPrefix(folder, "/"))
}

// mountOf finds the mount that a path without links lies on.
func mountOf(path string, mounts io.Reader) (kind, source string, err error) {
	lines := bufio.NewScanner(mounts)
	lines.Buffer(nil, 1<<20)
	best := ""
	for lines.Scan() {
		before, after, ok := strings.Cut(lines.Text(), " - ")
		at, what := strings.Fields(before), strings.Fields(after)
		if !ok || len(at) < 5 || len(what) < 2 {
			continue
		}
		// A later mount at the same place hides an earlier one.
		if point := unescape(at[4]); len(point) >= len(best) && isBelow(path, point) {
			best, kind, source = point, what[0], unescape(what[1])
		}
	}
	if err := lines.Err(); err != nil {
		return "", "", err
	}
	if best == "" {
		return "", "", errors.New("no mount holds the directory")
	}
	return kind, source, nil
}

func isBelow(path, point string) bool {
	rest, ok := strings.CutPrefix(filepath.Clean(path), strings.TrimSuffix(point, "/"))
	return ok && (rest == "" || rest[0] == '/')
}

// unescape reads the octal codes that stand for spaces and the like.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
