package wire_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// signed is a request to GetCallerIdentity, or to read an object, before it is
// tampered with.
type signed struct {
	service, region, method, path, body string
	at                                  time.Time
}

// send signs a request, lets tamper change it, and returns the code of the error.
func (w *world) send(t *testing.T, s signed, tamper func(*http.Request)) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), s.method, w.url+s.path, strings.NewReader(s.body))
	require.NoError(t, err)
	sum := sha256.Sum256([]byte(s.body))
	hash := hex.EncodeToString(sum[:])
	if s.service == "s3" {
		req.Header.Set("X-Amz-Content-Sha256", hash)
	}
	keys := aws.Credentials{AccessKeyID: cloud.DeveloperKey, SecretAccessKey: cloud.DeveloperSecret}
	require.NoError(t, v4.NewSigner().SignHTTP(t.Context(), keys, req, hash, s.service, s.region, s.at))
	tamper(req)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, codeIn(raw)
}

// codeIn is the text of the first <Code> of an XML document.
func codeIn(raw []byte) string {
	dec := xml.NewDecoder(bytes.NewReader(raw))
	for {
		token, err := dec.Token()
		if err != nil {
			return string(raw)
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "Code" {
			var code string
			if dec.DecodeElement(&code, &start) == nil {
				return code
			}
		}
	}
}

func TestARequestMustBeSignedWhole(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.CreateBucket(&cloud.Bucket{Bucket: "data"}))
	require.NoError(t, w.PutObject(&cloud.Object{Bucket: "data", Key: "k"}, strings.NewReader("hello")))
	who := signed{"sts", "us-west-2", "POST", "/", "Action=GetCallerIdentity&Version=2011-06-15", w.now}
	object := signed{"s3", "us-west-2", "GET", "/data/k", "", w.now}
	with := func(s signed, f func(*signed)) signed { f(&s); return s }
	another := w.now.UTC().Add(-time.Minute)
	if another.Day() != w.now.UTC().Day() { // the day stands elsewhere in the signature, too
		another = w.now.UTC().Add(time.Minute)
	}
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	for _, c := range []struct {
		name   string
		s      signed
		tamper func(*http.Request)
		status int
		code   string
	}{
		{"as it should be", who, func(*http.Request) {}, 200, ""},
		{"an object as it should be", object, func(*http.Request) {}, 200, "hello"},
		{"not signed", who, func(r *http.Request) { r.Header.Del("Authorization") }, 403, "MissingAuthenticationToken"},
		{"an object that is not signed for", object, func(r *http.Request) { r.Header.Del("Authorization") }, 403, "MissingAuthenticationToken"},
		{"signed otherwise", who, header("Authorization", "Bearer x"), 403, "IncompleteSignature"},
		{"another Region", with(who, func(s *signed) { s.region = "eu-west-1" }), func(*http.Request) {}, 403, "SignatureDoesNotMatch"},
		{"a clock that is slow", with(who, func(s *signed) { s.at = w.now.Add(-16 * time.Minute) }), func(*http.Request) {}, 403, "SignatureDoesNotMatch"},
		{"a clock that is fast", with(who, func(s *signed) { s.at = w.now.Add(16 * time.Minute) }), func(*http.Request) {}, 403, "SignatureDoesNotMatch"},
		{"a clock that is nearly right", with(who, func(s *signed) { s.at = w.now.Add(-14 * time.Minute) }), func(*http.Request) {}, 200, ""},
		{"another time than was signed", who, header("X-Amz-Date", another.Format("20060102T150405Z")), 403, "SignatureDoesNotMatch"},
		{"no time", who, func(r *http.Request) { r.Header.Del("X-Amz-Date") }, 403, "IncompleteSignature"},
		{"another body", who, func(r *http.Request) {
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader("Action=GetCallerIdentity&Version=2011-06-16")), int64(len(who.body))
		}, 403, "SignatureDoesNotMatch"},
		{"another path", object, func(r *http.Request) { r.URL.Path = "/data/other" }, 403, "SignatureDoesNotMatch"},
		{"another method", object, func(r *http.Request) { r.Method = "HEAD" }, 403, ""},
		{"a parameter that was not signed", object, func(r *http.Request) { r.URL.RawQuery = "x-id=GetObject" }, 403, "SignatureDoesNotMatch"},
		{"a parameter of the signature that is there twice", who, func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "SignedHeaders=", "SignedHeaders=host;x-amz-date, SignedHeaders=", 1))
		}, 403, "IncompleteSignature"},
		{"an object without a sum of the body", object, func(r *http.Request) { r.Header.Del("X-Amz-Content-Sha256") }, 400, "InvalidRequest"},
		{"an object with the sum of another body", object, header("X-Amz-Content-Sha256", strings.Repeat("0", 64)), 400, "XAmzContentSHA256Mismatch"},
		{"a token where there is none", who, header("X-Amz-Security-Token", "x"), 403, "InvalidClientTokenId"},
		{"a service that is not there", with(who, func(s *signed) { s.service = "lambda" }), func(*http.Request) {}, 404, "UnknownService"},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, code := w.send(t, c.s, c.tamper)
			require.Equal(t, c.status, status, code)
			if c.code != "" {
				require.Equal(t, c.code, code)
			}
		})
	}
}

func TestCredentialsOfARoleExpire(t *testing.T) {
	w := newWorld(t)
	_, c := w.machine(t)
	late := c.Expires.Add(time.Second)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url, strings.NewReader(""))
	require.NoError(t, err)
	sum := sha256.Sum256(nil)
	require.NoError(t, v4.NewSigner().SignHTTP(t.Context(), aws.Credentials{AccessKeyID: c.AccessKey, SecretAccessKey: c.Secret, SessionToken: c.Token}, req, hex.EncodeToString(sum[:]), "sts", "us-west-2", late))
	w.now = late
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, "ExpiredToken", codeIn(raw))
}

func TestACallThatIsNotModelledIsRefused(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.CreateBucket(&cloud.Bucket{Bucket: "data"}))
	dev := w.developer()
	fleet := func(in *ec2.CreateFleetInput, change func(*ec2.CreateFleetInput)) func() error {
		change(in)
		return func() error { _, err := ec2.NewFromConfig(dev).CreateFleet(t.Context(), in); return err }
	}
	for _, c := range []struct {
		name, code string
		do         func() error
	}{
		{"of EC2", "InvalidAction", func() error { _, err := ec2.NewFromConfig(dev).DescribeVpcs(t.Context(), nil); return err }},
		{"of STS", "InvalidAction", func() error {
			_, err := sts.NewFromConfig(dev).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::123456789012:role/client"), RoleSessionName: aws.String("me")})
			return err
		}},
		{"of SSM", "UnknownOperationException", func() error {
			_, err := ssm.NewFromConfig(dev).DeleteParameters(t.Context(), &ssm.DeleteParametersInput{Names: []string{"/p"}})
			return err
		}},
		{"of S3", "NotImplemented", func() error {
			_, err := s3.NewFromConfig(dev, func(o *s3.Options) { o.UsePathStyle = true }).ListBuckets(t.Context(), nil)
			return err
		}},
		{"a condition", "NotImplemented", func() error {
			_, err := s3.NewFromConfig(dev, func(o *s3.Options) { o.UsePathStyle = true }).PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("data"), Key: aws.String("a"), IfNoneMatch: aws.String(`"abc"`)})
			return err
		}},
		{"a filter", "InvalidParameterValue", func() error {
			_, err := ec2.NewFromConfig(dev).DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{Filters: []types.Filter{{Name: aws.String("image-id"), Values: []string{"x"}}}})
			return err
		}},
		{"a filter of images", "InvalidParameterValue", func() error {
			_, err := ec2.NewFromConfig(dev).DescribeImages(t.Context(), &ec2.DescribeImagesInput{Filters: []types.Filter{{Name: aws.String("name"), Values: []string{"x"}}}})
			return err
		}},
		{"images of others", "InvalidUserID.Malformed", func() error {
			_, err := ec2.NewFromConfig(dev).DescribeImages(t.Context(), &ec2.DescribeImagesInput{Owners: []string{"amazon"}})
			return err
		}},
		{"an image that is not there", "InvalidAMIID.NotFound", func() error {
			_, err := ec2.NewFromConfig(dev).DescribeImages(t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{"ami-0"}})
			return err
		}},
		{"all instance types", "InvalidParameterValue", func() error {
			_, err := ec2.NewFromConfig(dev).DescribeInstanceTypes(t.Context(), &ec2.DescribeInstanceTypesInput{})
			return err
		}},
		{"a fleet that lasts", "InvalidParameterValue", fleet(fleetInput(w, 1, "a"), func(in *ec2.CreateFleetInput) {
			in.Type = types.FleetTypeMaintain
		})},
		{"a market of capacity blocks", "InvalidParameterValue", fleet(fleetInput(w, 1, "b"), func(in *ec2.CreateFleetInput) {
			in.TargetCapacitySpecification.DefaultTargetCapacityType = types.DefaultTargetCapacityTypeCapacityBlock
		})},
		{"spot machines that stop", "InvalidParameterValue", fleet(spotInput(w, 1, "g"), func(in *ec2.CreateFleetInput) {
			in.SpotOptions.InstanceInterruptionBehavior = types.SpotInstanceInterruptionBehaviorStop
		})},
		{"priorities among spot machines", "InvalidParameterValue", fleet(spotInput(w, 1, "h"), func(in *ec2.CreateFleetInput) {
			in.SpotOptions.AllocationStrategy = types.SpotAllocationStrategyCapacityOptimizedPrioritized
		})},
		{"options of the other market", "UnknownParameter", fleet(spotInput(w, 1, "i"), func(in *ec2.CreateFleetInput) {
			in.OnDemandOptions = &types.OnDemandOptionsRequest{AllocationStrategy: types.FleetOnDemandAllocationStrategyPrioritized}
		})},
		{"a strategy that is not known", "InvalidParameterValue", fleet(fleetInput(w, 1, "d"), func(in *ec2.CreateFleetInput) {
			in.OnDemandOptions = &types.OnDemandOptionsRequest{AllocationStrategy: "diversified"}
		})},
		{"a price limit", "UnknownParameter", fleet(fleetInput(w, 1, "e"), func(in *ec2.CreateFleetInput) {
			in.OnDemandOptions = &types.OnDemandOptionsRequest{MaxTotalPrice: aws.String("1")}
		})},
		{"a limit that is no number", "InvalidParameterValue", fleet(spotInput(w, 1, "j"), func(in *ec2.CreateFleetInput) {
			in.LaunchTemplateConfigs[0].Overrides[0].MaxPrice = aws.String("little")
		})},
		{"a priority below 0", "InvalidParameterValue", fleet(fleetInput(w, 1, "f"), func(in *ec2.CreateFleetInput) {
			in.LaunchTemplateConfigs[0].Overrides[0].Priority = aws.Float64(-1)
		})},
		{"tags of a fleet", "InvalidParameterValue", fleet(fleetInput(w, 1, "c"), func(in *ec2.CreateFleetInput) {
			in.TagSpecifications = []types.TagSpecification{{ResourceType: types.ResourceTypeFleet, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}}}
		})},
		{"spot prices of a month", "InvalidParameterValue", func() error {
			_, err := ec2.NewFromConfig(dev).DescribeSpotPriceHistory(t.Context(), &ec2.DescribeSpotPriceHistoryInput{
				InstanceTypes: []types.InstanceType{"g5.xlarge"}, ProductDescriptions: []string{"Linux/UNIX"}, StartTime: aws.Time(w.now.AddDate(0, -1, 0)), EndTime: &w.now,
			})
			return err
		}},
		{"spot prices of all types", "InvalidParameterValue", func() error {
			_, err := ec2.NewFromConfig(dev).DescribeSpotPriceHistory(t.Context(), &ec2.DescribeSpotPriceHistoryInput{ProductDescriptions: []string{"Linux/UNIX"}, StartTime: &w.now, EndTime: &w.now})
			return err
		}},
		{"spot prices of Windows", "InvalidParameterValue", func() error {
			_, err := ec2.NewFromConfig(dev).DescribeSpotPriceHistory(t.Context(), &ec2.DescribeSpotPriceHistoryInput{
				InstanceTypes: []types.InstanceType{"g5.xlarge"}, ProductDescriptions: []string{"Windows"}, StartTime: &w.now, EndTime: &w.now,
			})
			return err
		}},
		{"a malformed id", "InvalidInstanceID.Malformed", func() error {
			_, err := ec2.NewFromConfig(dev).TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{"instance"}})
			return err
		}},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.code, code(t, c.do())) })
	}
	require.Empty(t, w.Instances())
}

func TestASecretIsReadInTheOpenOnlyWhenAsked(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.CreateParameter(&cloud.Parameter{Name: "/s", Type: "SecureString", Value: "hunter2"}))
	client := ssm.NewFromConfig(w.developer())
	for decrypt, want := range map[bool]bool{true: true, false: false} {
		out, err := client.GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String("/s"), WithDecryption: aws.Bool(decrypt)})
		require.NoError(t, err)
		require.Equal(t, want, *out.Parameter.Value == "hunter2")
	}
	_, err := client.GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String("/none")})
	require.Equal(t, "ParameterNotFound", code(t, err))
}

func TestABucketsPolicyBindsTheDeveloperToo(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.CreateBucket(&cloud.Bucket{Bucket: "data"}))
	require.NoError(t, w.PutObject(&cloud.Object{Bucket: "data", Key: "k"}, strings.NewReader("hello")))
	client := s3.NewFromConfig(w.developer(), func(o *s3.Options) { o.UsePathStyle = true })
	read := func() error {
		out, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("data"), Key: aws.String("k")})
		if err == nil {
			err = out.Body.Close()
		}
		return err
	}
	require.NoError(t, read())
	require.NoError(t, w.PutBucketSetting(&cloud.BucketPolicy{Bucket: "data", Policy: `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::data/*"}]}`}))
	require.Equal(t, "AccessDenied", code(t, read()))
}
