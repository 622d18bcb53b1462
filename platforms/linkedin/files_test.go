package linkedin

import (
	"context"
	"io"
	"strings"

	"github.com/bandstand-app/bandstand/platforms"
)

// files is a media source with one small file under every name.
type files struct{}

func (files) Open(context.Context, string) (platforms.MediaFile, error) {
	return platforms.MediaFile{ReadCloser: io.NopCloser(strings.NewReader("bytes")), Type: "image/jpeg", Bytes: 5}, nil
}

func (files) PublicURL(context.Context, string) (string, error) { return "", nil }
