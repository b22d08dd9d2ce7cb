package ledger_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
)

func TestHeadersOfTheEnvironment(t *testing.T) {
	const general, logs = "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_LOGS_HEADERS"
	for list, want := range map[string]map[string]string{
		"key1=value1,key2=value2":          {"key1": "value1", "key2": "value2"},
		" key1 =\tvalue1 , key2= value2 ,": {"key1": "value1", "key2": "value2"},
		"x-scope=a%3Db%2Cc%20d%C3%A9+e":    {"x-scope": "a=b,c dé+e"},
		"Authorization=Basic dXNlcjpwdw==": {"Authorization": "Basic dXNlcjpwdw=="},
		"k=value;property=1;flag":          {"k": "value;property=1;flag"},
		"empty=":                           {"empty": ""},
		"a%20b=1":                          {"a%20b": "1"},
		"X-Key=1,x-other=2,x-key=3":        {"x-key": "3", "x-other": "2"},
		",,":                               nil,
	} {
		environment(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector", general: list})
		c, err := ledger.ConfigFromEnv()
		require.NoError(t, err, list)
		assert.Equal(t, want, c.Headers, list)
	}

	for _, list := range []string{
		"hunter2", "=hunter2", "a=1,hunter2", "a=hunter2%", "a=hunter2%zz", "b c=hunter2", "a=hunter2%0d%0aEvil:%201", "a=hunter2%00", "a=hunter2%7F", "ä=hunter2",
	} {
		for _, name := range []string{general, logs} {
			environment(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector", general: "a=b", name: list})
			c, err := ledger.ConfigFromEnv()
			require.EqualError(t, err, "ledger: config: Headers cannot be read from "+name+": not a list of headers of the form name=value,name=value", list)
			assert.Nil(t, c.Headers, "neither in part, nor those of the other variable")
		}
	}
}

func TestHeadersReachTheServerWhateverTheirCase(t *testing.T) {
	environment(t, map[string]string{"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "http://collector", "OTEL_EXPORTER_OTLP_HEADERS": "x-scope-orgid=tenant%201,content-type=text/html,user-agent=x"})
	r := request(t)
	assert.Equal(t, "tenant 1", r.Header.Get("X-Scope-OrgID"))
	assert.Equal(t, "application/x-protobuf", r.Header.Get("Content-Type"))
	assert.Equal(t, "ledger-go/"+ledger.Version, r.Header.Get("User-Agent"))
}

func TestListWithAFaultIsLeftOutWhole(t *testing.T) {
	for _, list := range []string{"team=a,novalue", "team=a,b=%zz", "team=a,%zz=b", "team=a,=b"} {
		environment(t, map[string]string{"OTEL_RESOURCE_ATTRIBUTES": list})
		c, err := ledger.ConfigFromEnv()
		require.ErrorContains(t, err, "Resource cannot be read from OTEL_RESOURCE_ATTRIBUTES", list)
		assert.Empty(t, c.Resource, list)
	}
}

func TestHeadersThatCannotBeSentAreRefused(t *testing.T) {
	for _, headers := range []map[string]string{
		{"": "x"}, {"a b": "x"}, {"a": "b\r\nc: d"}, {"a": "\x01"}, {"a": "\x7f"}, {"X-A": "1", "x-a": "2"},
	} {
		err := ledger.Config{Dir: "d", Endpoint: "http://h", Headers: headers}.Validate()
		assert.ErrorContains(t, err, "ledger: config: Headers hold ", "%q", headers)
	}
	require.NoError(t, ledger.Config{Dir: "d", Endpoint: "http://h", Headers: map[string]string{"a": "b\tc é", "b": ""}}.Validate())
}
