// Package artifacts is cli's adapter for what AWS keeps of releases: objects in S3
// and a parameter in SSM.
package artifacts
