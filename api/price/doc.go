// Package price says what LabLink's parts cost at AWS: the list prices of what the
// program declares and of the machines that pools launch, in US dollars, on demand
// and without tax.
//
// A Source knows prices. Table is one that is written down here, with its date;
// package live asks AWS. Ask takes each price from the first source that has it,
// and keeps which that was: a Quote never mixes two sources in one price. What no
// source has is not known, which is never zero.
package price
