//! A queue on SQS.

use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use serde::Serialize;

use super::checked_delay;
use crate::aws::words;
use crate::domain::id::PartnerId;
use crate::error::QueueError;
use crate::ports::{AlertMessage, AlertQueue, Queue, SyncMessage};

/// A standard SQS queue with one message group a partner. SQS then delivers fairly: a partner with a thousand messages
/// does not delay the others. The groups do not order messages.
#[derive(Clone, Debug)]
pub struct SqsQueue {
    client: Client,
    url: String,
}

impl SqsQueue {
    /// The queue at `url`.
    #[must_use]
    pub fn new(aws: &SdkConfig, url: impl Into<String>) -> Self {
        Self { client: Client::new(aws), url: url.into() }
    }
}

impl SqsQueue {
    async fn put<M: Serialize + Sync>(&self, partner: PartnerId, message: &M, delay_s: u32) -> Result<(), QueueError> {
        let delay_s = checked_delay(delay_s)?;
        let body = serde_json::to_string(message).map_err(|error| QueueError { why: error.to_string() })?;
        let request = self.client.send_message().queue_url(&self.url).message_body(body);
        let sent = request
            .message_group_id(partner.to_string())
            .delay_seconds(i32::try_from(delay_s).unwrap_or(i32::MAX))
            .send()
            .await;
        sent.map(drop).map_err(|error| QueueError { why: words(&error) })
    }
}

impl Queue for SqsQueue {
    async fn send(&self, message: &SyncMessage, delay_s: u32) -> Result<(), QueueError> {
        self.put(message.request.partner, message, delay_s).await
    }
}

impl AlertQueue for SqsQueue {
    async fn send_alert(&self, message: &AlertMessage) -> Result<(), QueueError> {
        self.put(message.partner, message, 0).await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use wiremock::matchers::header;
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;
    use crate::aws::connect_local;
    use crate::queue::local::tests::message;

    async fn sqs(answer: ResponseTemplate) -> (MockServer, SqsQueue) {
        let server = MockServer::start().await;
        let send = Mock::given(header("x-amz-target", "AmazonSQS.SendMessage"));
        send.respond_with(answer).mount(&server).await;
        let queue = SqsQueue::new(&connect_local(&server.uri()).await, format!("{}/123456789012/runs", server.uri()));
        (server, queue)
    }

    #[tokio::test]
    async fn a_message_goes_into_its_partners_group_with_its_delay() {
        let (server, queue) = sqs(ResponseTemplate::new(200).set_body_json(json!({"MessageId": "m-1"}))).await;
        queue.send(&message(7), 120).await.unwrap();
        let requests = server.received_requests().await.unwrap();
        let body: Value = requests[0].body_json().unwrap();
        assert_eq!(body["MessageGroupId"], "00000000-0000-0000-0000-000000000007");
        assert_eq!(body["DelaySeconds"], 120);
        assert_eq!(body["QueueUrl"], format!("{}/123456789012/runs", server.uri()));
        let sent: SyncMessage = serde_json::from_str(body["MessageBody"].as_str().unwrap()).unwrap();
        assert_eq!(sent, message(7));
    }

    #[tokio::test]
    async fn a_delay_that_sqs_would_refuse_is_refused_before_it_is_sent() {
        let (server, queue) = sqs(ResponseTemplate::new(200)).await;
        let error = queue.send(&message(7), 901).await.unwrap_err();
        assert!(error.to_string().contains("at most 900 s, not 901 s"), "{error}");
        assert!(server.received_requests().await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_refusal_is_reported_in_the_services_words() {
        let refusal =
            json!({"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "The specified queue does not exist."});
        let (_server, queue) = sqs(ResponseTemplate::new(400).set_body_json(refusal)).await;
        let error = queue.send(&message(7), 0).await.unwrap_err();
        let expected = "the queue could not be reached: QueueDoesNotExist: The specified queue does not exist.";
        assert_eq!(error.to_string(), expected);
    }

    #[tokio::test]
    async fn an_unavailable_queue_is_an_error_and_not_a_hang() {
        // A port that was free a moment ago: nothing listens on it.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let queue = SqsQueue::new(&connect_local(&address).await, format!("{address}/123456789012/runs"));
        assert!(queue.send(&message(7), 0).await.is_err());
    }
}
