package chart_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/internal/chart"
)

func TestBars(t *testing.T) {
	t.Parallel()
	got := chart.Bars([]int64{0, 5, 10, -3, 1}, 100, 500)
	want := []chart.Bar{
		{X: 2.5, Y: 500, Width: 15},
		{X: 22.5, Y: 250, Width: 15, Height: 250, Value: 5},
		{X: 42.5, Y: 0, Width: 15, Height: 500, Value: 10},
		{X: 62.5, Y: 500, Width: 15, Value: -3},
		{X: 82.5, Y: 450, Width: 15, Height: 50, Value: 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("bars (-want +got):\n%s", diff)
	}
}

func TestSmallValueIsStillSeen(t *testing.T) {
	t.Parallel()
	if b := chart.Bars([]int64{1, 1_000_000}, 10, 100)[0]; b.Height != 2 {
		t.Errorf("one response beside a million is %.4f high", b.Height)
	}
}

func TestNothingIsNoChart(t *testing.T) {
	t.Parallel()
	if b := chart.Bars(nil, 10, 10); len(b) != 0 {
		t.Errorf("%d bars for no values", len(b))
	}
	if b := chart.Bars([]int64{0, 0}, 10, 10); b[0].Height != 0 || b[1].Height != 0 {
		t.Errorf("bars of nothing: %v", b)
	}
}
