package main

import (
	"testing"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"
)

func TestMain(m *testing.M) { e2ekit.Main(m) }
