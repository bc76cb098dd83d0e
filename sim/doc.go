// Package sim is a simulated AWS account for a laptop and for tests: one model
// (sim/cloud), seen from three sides. The Pulumi engine sees a provider
// (sim/provider), the AWS SDK and curl see the API (sim/wire), and an instance's
// user data sees a machine (sim/machine). README.md says what it does not do.
package sim
