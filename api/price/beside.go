package price

import "math"

// Beside is what a machine's volume, of so many GiB, and its public address cost an hour.
// What nobody knows the price of is left out.
func Beside(of func(Thing) (Price, bool), gib float64) (usd float64) {
	if volume, known := of(Volume); known {
		monthly, _ := volume.Monthly(gib)
		usd += monthly / HoursPerMonth
	}
	if address, known := of(PublicAddress); known {
		usd += address.USD
	}
	return usd
}

// Dearer reports whether something costs more than it may. Both are told to a tenth of a
// cent, and compared as they are told.
func Dearer(usd, most float64) bool { return math.Round(1000*usd) > math.Round(1000*most) }
