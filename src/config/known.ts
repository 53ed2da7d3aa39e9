/**
 * Ids of the Collector's components (core and contrib, v0.159), old names included, so that a
 * configuration that uses one hears "not yet" rather than "unknown". Those Sluice has are in
 * registry.ts.
 */
import type { SectionName } from "./service.ts";

const RECEIVERS =
  "otlp nop activedirectoryds aerospike apache apachespark awscloudwatch awscontainerinsight awsecscontainermetrics awsfirehose awslambda awss3 awsxray azureblob azureeventhub azure_event_hub " +
  "azuremonitor bigip carbon chrony cloudflare cloudfoundry collectd couchdb datadog docker_stats elasticsearch envoyals expvar faro file filelog file_log filestats flinkmetrics " +
  "fluentforward fluent_forward githubreceiver github gitlab googlecloudmonitoring googlecloudpubsub googlecloudpubsubpush googlecloudspanner haproxy hostmetrics host_metrics httpcheck http_check huaweicloudces iis influxdb jaeger " +
  "jmx journald k8s_cluster k8s_events k8sobjects kafka kafkametrics kubeletstats kubelet_stats libhoney loki memcached mongodb mongodbatlas mysql namedpipe netflow netstat nginx nsxt ntp oracledb " +
  "osquery otelarrow otlpjsonfile otlp_json_file podman_stats postgresql pprof prometheus prometheusremotewrite prometheus_remote_write prometheus_simple pulsar purefa purefb rabbitmq receiver_creator redfish redis " +
  "riak saphana signalfx simpleprometheus skywalking snmp snowflake solace splunk_hec splunkenterprise sqlquery sql_query sqlserver sshcheck statsd stef syslog systemd tcpcheck tcplog tcp_log tlscheck udplog udp_log " +
  "vcenter vcr wavefront webhookevent webhook_event windowseventlog windows_event_log windowsperfcounters windowsservice yanggrpc zipkin zookeeper";

const PROCESSORS =
  "batch memory_limiter queuebatch attributes coralogix cumulativetodelta cumulative_to_delta deltatocumulative delta_to_cumulative deltatorate delta_to_rate drain filter genainormalizer geoip groupbyattrs groupbytrace " +
  "group_by_trace interval isolationforest isolation_forest k8sattributes k8s_attributes logdedup log_dedup lookup experimental_metricsgeneration metricsgeneration metrics_generation metricstarttime metric_start_time " +
  "metricstransform metrics_transform probabilistic_sampler redaction remotetap resource resourcedetection resource_detection schema span sumologic tail_sampling transform unroll cardinality_guardian ratelimiter";

const EXPORTERS =
  "debug nop otlp otlp_grpc otlphttp otlp_http alibabacloud_logservice awscloudwatchlogs awsemf awskinesis awss3 awsxray azureblob azuredataexplorer azuremonitor bmchelix carbon cassandra clickhouse coralogix datadog " +
  "dataset doris elasticsearch faro file googlecloud googlecloudpubsub googlecloudstorage googlemanagedprometheus honeycombmarker influxdb kafka loadbalancing load_balancing logging logicmonitor logzio loki mezmo opensearch " +
  "otelarrow prometheus prometheusremotewrite prometheus_remote_write pulsar rabbitmq sapm sentry signalfx splunk_hec stef sumologic syslog tencentcloud_logservice tinybird zipkin";

const CONNECTORS =
  "forward count datadog exceptions failover grafanacloud metricsaslogs otlpjson roundrobin round_robin routing servicegraph service_graph signaltometrics signal_to_metrics slowsql spanmetrics span_metrics sum";

const EXTENSIONS =
  "zpages memory_limiter ack asapclient asapauth awsproxy azureauth azure_auth basicauth basic_auth bearertokenauth bearer_token_auth cgroupruntime datadog db_storage docker_observer ecs_observer ecs_task_observer " +
  "file_storage googleclientauth googlecloudlogentry_encoding headers_setter health_check healthcheckv2 host_observer http_forwarder avro_log_encoding awscloudwatchmetricstreams_encoding awslogs_encoding azure_encoding " +
  "jaeger_encoding jaegerremotesampling json_log_encoding k8s_leader_elector k8s_observer kafkatopics_observer oauth2client oidc opamp otlp_encoding pprof redis_storage remotetap sigv4auth skywalking_encoding solarwindsapmsettings " +
  "sumologic text_encoding zipkin_encoding";

const KNOWN: Readonly<Record<SectionName, ReadonlySet<string>>> = {
  receivers: new Set(RECEIVERS.split(" ")),
  processors: new Set(PROCESSORS.split(" ")),
  exporters: new Set(EXPORTERS.split(" ")),
  connectors: new Set(CONNECTORS.split(" ")),
  extensions: new Set(EXTENSIONS.split(" ")),
};

/** The Collector's ids of one section. */
export function collectorIds(section: SectionName): ReadonlySet<string> {
  return KNOWN[section];
}

/** What serves in place of a component that Sluice does not have yet, where there is something. */
export const INSTEAD: Readonly<Record<string, string>> = {
  "exporters otlp": "Use otlp_http: most back ends take OTLP/HTTP, usually on port 4318",
  "exporters otlp_grpc": "Use otlp_http: most back ends take OTLP/HTTP, usually on port 4318",
  "exporters load_balancing": "Use otlp_http with its key load_balancing",
  "exporters loadbalancing": "Use otlp_http with its key load_balancing",
  "exporters logging": "Use debug, its successor",
  "exporters nop": "Leave it out",
};
