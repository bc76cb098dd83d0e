// Package price holds what LabLink's parts cost at AWS: the list prices of what
// the program declares and of the machines that pools launch. Prices are those of
// a dated table, on demand and without tax. What the table lacks is not known,
// which is never zero.
package price
