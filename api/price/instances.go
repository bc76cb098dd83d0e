package price

// americanInstances are the prices in Northern Virginia and Oregon, in US dollars
// an hour.
var americanInstances = map[string]float64{
	// What hosts run on.
	"t4g.nano": 0.0042, "t4g.micro": 0.0084, "t4g.small": 0.0168, "t4g.medium": 0.0336, "t4g.large": 0.0672, "t4g.xlarge": 0.1344, "t4g.2xlarge": 0.2688,
	"t2.small": 0.023,
	"t3.nano":  0.0052, "t3.micro": 0.0104, "t3.small": 0.0208, "t3.medium": 0.0416, "t3.large": 0.0832, "t3.xlarge": 0.1664, "t3.2xlarge": 0.3328,
	"m6g.medium": 0.0385, "m6g.large": 0.077, "m6g.xlarge": 0.154, "m6g.2xlarge": 0.308,
	"m7g.medium": 0.0408, "m7g.large": 0.0816, "m7g.xlarge": 0.1632, "m7g.2xlarge": 0.3264,
	"m6i.large": 0.096, "m6i.xlarge": 0.192, "m6i.2xlarge": 0.384,
	// What has a GPU.
	"g4dn.xlarge": 0.526, "g4dn.2xlarge": 0.752, "g4dn.4xlarge": 1.204, "g4dn.8xlarge": 2.176, "g4dn.12xlarge": 3.912, "g4dn.16xlarge": 4.352,
	"g5.xlarge": 1.006, "g5.2xlarge": 1.212, "g5.4xlarge": 1.624, "g5.8xlarge": 2.448, "g5.12xlarge": 5.672, "g5.16xlarge": 4.096, "g5.24xlarge": 8.144, "g5.48xlarge": 16.288,
	"g5g.xlarge": 0.42, "g5g.2xlarge": 0.556, "g5g.4xlarge": 0.828, "g5g.8xlarge": 1.372, "g5g.16xlarge": 2.744,
	"g6.xlarge": 0.8048, "g6.2xlarge": 0.9776, "g6.4xlarge": 1.3232, "g6.8xlarge": 2.0144, "g6.12xlarge": 4.6016, "g6.16xlarge": 3.3968, "g6.24xlarge": 6.6752, "g6.48xlarge": 13.3504,
	"g6e.xlarge": 1.861, "g6e.2xlarge": 2.24208, "g6e.4xlarge": 3.00424, "g6e.8xlarge": 4.52856, "g6e.12xlarge": 10.49264, "g6e.16xlarge": 7.57719, "g6e.24xlarge": 15.06559, "g6e.48xlarge": 30.13118,
	"p3.2xlarge": 3.06,
}

// frankfurtInstances are the prices in Frankfurt, in US dollars an hour.
var frankfurtInstances = map[string]float64{
	"t4g.nano": 0.0048, "t4g.micro": 0.0096, "t4g.small": 0.0192, "t4g.medium": 0.0384, "t4g.large": 0.0768, "t4g.xlarge": 0.1536, "t4g.2xlarge": 0.3072,
	"t3.nano": 0.006, "t3.micro": 0.012, "t3.small": 0.024, "t3.medium": 0.048, "t3.large": 0.096, "t3.xlarge": 0.192, "t3.2xlarge": 0.384,
	"m6g.medium": 0.046, "m6g.large": 0.092, "m6g.xlarge": 0.184, "m6g.2xlarge": 0.368,
	"m6i.large": 0.115, "m6i.xlarge": 0.23, "m6i.2xlarge": 0.46,
	"g4dn.xlarge": 0.658, "g4dn.2xlarge": 0.94, "g4dn.4xlarge": 1.505, "g4dn.8xlarge": 2.72, "g4dn.12xlarge": 4.89, "g4dn.16xlarge": 5.44,
	"g5.xlarge": 1.258, "g5.2xlarge": 1.516, "g5.4xlarge": 2.031, "g5.8xlarge": 3.062, "g5.12xlarge": 7.094, "g5.16xlarge": 5.123, "g5.24xlarge": 10.186, "g5.48xlarge": 20.373,
}
