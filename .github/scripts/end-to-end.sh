#!/usr/bin/env bash
# Deploys STACK, takes a seat on a machine of it, and destroys it, whatever became of it. With
# clean it only destroys it. Call by make end-to-end and make end-to-end-clean.
set -euo pipefail
stack=$1
if [[ $stack != *-e2e ]]; then
  echo "end-to-end.sh: $stack would be destroyed: name a stack for tests, which ends in -e2e" >&2
  exit 2
fi

# One run at GitHub works on this stack at a time: there a lock is of one that was cut short.
if [[ -n ${GITHUB_ACTIONS-} ]]; then
  pulumi cancel --non-interactive --yes "$stack"
else
  echo "end-to-end.sh: if $stack is locked, that is left as it is, as somebody may be at work: when nobody is, pulumi cancel $stack" >&2
fi
clean() { lablink destroy --stack "$stack" --whole --yes; }
clean
if [[ ${2-} == clean ]]; then
  exit
fi

finish() {
  code=$?
  trap - EXIT
  clean || code=1
  exit "$code"
}
trap finish EXIT
pulumi up --non-interactive --yes --skip-preview --stack "$stack"
LABLINK_PASSWORD=$(pulumi stack output --non-interactive --show-secrets initialAdminPassword --stack "$stack")
export LABLINK_PASSWORD
lablink verify --stack "$stack" --seat
