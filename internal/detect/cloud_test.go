package detect

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestACloudPlatformIsKnownByItsVariables(t *testing.T) {
	for _, c := range []struct {
		name   string
		system System
		want   want
	}{
		{"none", bare("AWS_REGION=eu-west-1", "PORT=8080", "REGION_NAME=x", "K_REVISION=r"), want{}},
		{"AWS Lambda", bare("AWS_LAMBDA_FUNCTION_NAME=pay", "AWS_LAMBDA_FUNCTION_VERSION=7", "AWS_REGION=eu-west-1"), want{
			"cloud.provider": "aws", "cloud.platform": "aws_lambda", "cloud.region": "eu-west-1", "faas.name": "pay", "faas.version": "7",
		}},
		{"AWS ECS", bare("ECS_CONTAINER_METADATA_URI_V4=http://169.254.170.2/v4/x", "AWS_REGION=eu-west-1"), want{
			"cloud.provider": "aws", "cloud.platform": "aws_ecs", "cloud.region": "eu-west-1",
		}},
		{"AWS ECS, older", bare("ECS_CONTAINER_METADATA_URI=http://169.254.170.2/v3/x"), want{"cloud.provider": "aws", "cloud.platform": "aws_ecs"}},
		{"Cloud Run", bare("K_SERVICE=pay", "K_REVISION=pay-00007"), want{
			"cloud.provider": "gcp", "cloud.platform": "gcp_cloud_run", "faas.name": "pay", "faas.version": "pay-00007",
		}},
		{"Cloud Run job", bare("CLOUD_RUN_JOB=nightly"), want{"cloud.provider": "gcp", "cloud.platform": "gcp_cloud_run", "faas.name": "nightly"}},
		{"Cloud Functions", bare("FUNCTION_TARGET=Pay", "K_SERVICE=pay"), want{"cloud.provider": "gcp", "cloud.platform": "gcp_cloud_functions", "faas.name": "pay"}},
		{"Knative", bare(inPod, "K_SERVICE=pay"), want{}},
		{"App Engine", bare("GAE_SERVICE=pay", "GAE_VERSION=3"), want{
			"cloud.provider": "gcp", "cloud.platform": "gcp_app_engine", "faas.name": "pay", "faas.version": "3",
		}},
		{"Azure Container Apps", bare("CONTAINER_APP_NAME=pay"), want{"cloud.provider": "azure", "cloud.platform": "azure.container_apps"}},
		{"Azure App Service", bare("WEBSITE_SITE_NAME=pay", "REGION_NAME=West Europe"), want{
			"cloud.provider": "azure", "cloud.platform": "azure.app_service", "cloud.region": "West Europe",
		}},
		{"Azure Functions", bare("FUNCTIONS_WORKER_RUNTIME=custom", "WEBSITE_SITE_NAME=pay"), want{
			"cloud.provider": "azure", "cloud.platform": "azure.functions", "faas.name": "pay",
		}},
		{"Heroku", bare("HEROKU_APP_ID=x"), want{"cloud.provider": "heroku"}},
		{"Fly", bare("FLY_APP_NAME=pay", "FLY_REGION=ams"), want{"cloud.provider": "fly_io", "cloud.region": "ams"}},
	} {
		t.Run(c.name, func(t *testing.T) { assert.Equal(t, c.want, found(t, c.system)) })
	}
}
