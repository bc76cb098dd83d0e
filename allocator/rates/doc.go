// Package rates says what machines cost an hour: by AWS's price list and spot market
// where the allocator's role may read them, by LabLink's dated table otherwise. Each
// rate says which.
package rates
