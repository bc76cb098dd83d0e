// Package live asks AWS what things cost: its price list (GetProducts, which needs
// the right pricing:GetProducts) for what has a list price, and EC2 for the spot
// market (ec2:DescribeSpotPriceHistory).
//
// A price is taken where the list has exactly one for what is meant, in the unit
// that is meant. What is missing, ambiguous, refused or late is left to the next
// source.
package live
