package settings

import (
	"fmt"
	"regexp"
)

// parameterName knows a parameter's name or ARN. A policy of workflows' roles names
// each: AWS takes 6 144 characters of one.
var parameterName = regexp.MustCompile(`^(arn:aws:ssm:[a-z0-9-]+:[0-9]{12}:parameter/)?[A-Za-z0-9_./-]+$`)

const maxParameter = 128

// check refuses an image that is named in no way or in two. An id may stand
// beside where it came from.
func (i Image) check(key string, p *Problems) {
	switch {
	case i.SSMParameter != "" && i.Pipeline != "":
		p.add(key, "keep one of image.ssmParameter and image.pipeline", "is by ssmParameter and by pipeline, which are two images")
	case i.ID == "" && i.SSMParameter == "" && i.Pipeline == "":
		p.add(key, "set image.id, image.ssmParameter or image.pipeline", "is not set")
	}
	i.checkForms(key, p)
}

func (i Image) checkForms(key string, p *Problems) {
	if i.ID != "" && !imageID.MatchString(i.ID) {
		p.add(key+".id", "write an image's id, for example ami-0123456789abcdef0", "is not an image's id: %q", i.ID)
	}
	if name := i.SSMParameter; name != "" && (!parameterName.MatchString(name) || len(name) > maxParameter) {
		p.add(key+".ssmParameter", "write a parameter's name, for example /images/gpu, or its ARN", "must be the name or the ARN of a parameter, of %d characters at most, not %q", maxParameter, name)
	}
	if i.Pipeline != "" && !poolName.MatchString(i.Pipeline) {
		p.add(key+".pipeline", "write what the account's stack calls it, for example gpu", "must be 1–20 lower-case letters, digits and dashes, starting with a letter, not %q", i.Pipeline)
	}
}

// checkBaked checks the pools of an account: each is an image that a pipeline
// builds on another one.
func (s *Settings) checkBaked(p *Problems) {
	pipelines := map[string]bool{}
	for n, pool := range s.Pools {
		key := fmt.Sprintf("pools[%d].", n)
		pool.checkCommon(key, p)
		i := pool.Image
		switch {
		case i.Pipeline == "":
			p.add(key+"image.pipeline", "name the pipeline that builds the image, for example gpu; environments have pools of machines", "is not set: a pool of an account is an image to build")
		case (i.ID == "") == (i.SSMParameter == ""):
			p.add(key+"image", "set either image.id or image.ssmParameter, to an image that has NVIDIA's driver", "needs exactly one of id and ssmParameter beside pipeline: what it is built on")
		case pipelines[i.Pipeline]:
			p.add(key+"image.pipeline", "give each pipeline a name of its own", "is %q, as another's", i.Pipeline)
		}
		pipelines[i.Pipeline] = true
		i.checkForms(key+"image", p)
		if pool.MaxMachines != 0 {
			p.add(key+"maxMachines", "remove it here, and set it in the environments", "is for machines, which an account has none of")
		}
		if pool.Market != OnDemand {
			p.add(key+"market", "remove it here, and set it in the environments", "is for machines, which an account has none of")
		}
	}
}
