package detect

// platform is a platform that tells of itself in the environment.
type platform struct {
	// marks are variables of which one being set means this platform.
	marks []string
	// provider and name are words of the conventions, as far as they have one.
	provider, name string
	// region, function and version are variables.
	region, function, version string
}

// platforms lists the more special ones first: Cloud Functions run on Cloud Run.
func platforms() []platform {
	return []platform{
		{marks: []string{"AWS_LAMBDA_FUNCTION_NAME"}, provider: "aws", name: "aws_lambda", region: "AWS_REGION", function: "AWS_LAMBDA_FUNCTION_NAME", version: "AWS_LAMBDA_FUNCTION_VERSION"},
		{marks: []string{"ECS_CONTAINER_METADATA_URI_V4", "ECS_CONTAINER_METADATA_URI"}, provider: "aws", name: "aws_ecs", region: "AWS_REGION"},
		{marks: []string{"FUNCTION_TARGET"}, provider: "gcp", name: "gcp_cloud_functions", function: "K_SERVICE", version: "K_REVISION"},
		{marks: []string{"K_SERVICE"}, provider: "gcp", name: "gcp_cloud_run", function: "K_SERVICE", version: "K_REVISION"},
		{marks: []string{"CLOUD_RUN_JOB"}, provider: "gcp", name: "gcp_cloud_run", function: "CLOUD_RUN_JOB"},
		{marks: []string{"GAE_SERVICE"}, provider: "gcp", name: "gcp_app_engine", function: "GAE_SERVICE", version: "GAE_VERSION"},
		{marks: []string{"CONTAINER_APP_NAME"}, provider: "azure", name: "azure.container_apps"},
		{marks: []string{"FUNCTIONS_WORKER_RUNTIME"}, provider: "azure", name: "azure.functions", region: "REGION_NAME", function: "WEBSITE_SITE_NAME"},
		{marks: []string{"WEBSITE_SITE_NAME"}, provider: "azure", name: "azure.app_service", region: "REGION_NAME"},
		{marks: []string{"HEROKU_APP_ID"}, provider: "heroku"},
		{marks: []string{"FLY_APP_NAME"}, provider: "fly_io", region: "FLY_REGION"},
	}
}

// cloud adds the platform. In a pod the variables are those of Knative and the like,
// which set what Cloud Run sets and run anywhere.
func (f *findings) cloud(s System, pod bool) {
	if pod {
		return
	}
	for _, p := range platforms() {
		if s.firstEnv(p.marks...) == "" {
			continue
		}
		f.add("cloud.provider", p.provider)
		f.add("cloud.platform", p.name)
		f.add("cloud.region", s.firstEnv(p.region))
		f.add("faas.name", s.firstEnv(p.function))
		f.add("faas.version", s.firstEnv(p.version))
		return
	}
}
