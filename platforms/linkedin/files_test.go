package linkedin

import (
	"context"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/platformtest"
)

// files is a media source with one small file under every name.
type files struct{}

func (files) Open(context.Context, string) (platforms.MediaFile, error) {
	return platformtest.File([]byte("bytes"), "image/jpeg"), nil
}

func (files) PublicURL(context.Context, string) (string, error) { return "", nil }
