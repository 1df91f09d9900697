//! Sends mail through Amazon SES.

use aws_config::SdkConfig;
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::error::BuildError;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};

use crate::aws::{may_pass, words};
use crate::domain::mail_address::MailAddress;
use crate::error::MailError;
use crate::ports::{Mail, Mailer};

const CHARSET: &str = "UTF-8";

/// Sends mails by SES from one sender, which must be a verified identity.
#[derive(Clone, Debug)]
pub struct SesMailer {
    client: Client,
    from: MailAddress,
}

impl SesMailer {
    /// A mailer with this sender.
    #[must_use]
    pub fn new(aws: &SdkConfig, from: MailAddress) -> Self {
        Self { client: Client::new(aws), from }
    }
}

impl Mailer for SesMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let content = content(mail).map_err(|error| MailError::Refused { why: error.to_string() })?;
        let to = Destination::builder().to_addresses(mail.to.as_str()).build();
        let request = self.client.send_email().from_email_address(self.from.as_str());
        let sent = request.destination(to).content(content).send().await;
        sent.map(drop).map_err(|error| {
            let why = words(&error);
            if may_pass(&error, &TRANSIENT) { MailError::Unavailable { why } } else { MailError::Refused { why } }
        })
    }
}

fn content(mail: &Mail) -> Result<EmailContent, BuildError> {
    let text = |text: &str| Content::builder().data(text).charset(CHARSET).build();
    let body = Body::builder().text(text(&mail.text)?).build();
    let message = Message::builder().subject(text(&mail.subject_line())?).body(body).build();
    Ok(EmailContent::builder().simple(message).build())
}

/// Codes after which the mail may be accepted later: too many mails in a second or a day.
const TRANSIENT: [&str; 4] =
    ["LimitExceededException", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded"];

#[cfg(test)]
mod tests {
    use aws_config::retry::RetryConfig;
    use serde_json::{Value, json};
    use wiremock::matchers::{method, path};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;
    use crate::aws::connect_local;

    fn mail() -> Mail {
        Mail {
            to: MailAddress::parse("billing@example.com").unwrap(),
            subject: "Müller & Söhne:\r\nBcc: evil@example.com".to_owned(),
            text: "3 lines wait.\nDecide them.".to_owned(),
        }
    }

    /// A mailer without the retries of the SDK.
    async fn mailer(endpoint: &str) -> SesMailer {
        let aws = connect_local(endpoint).await.into_builder().retry_config(RetryConfig::disabled()).build();
        SesMailer::new(&aws, MailAddress::parse("alerts@psa.example.com").unwrap())
    }

    async fn ses(answer: ResponseTemplate) -> (MockServer, SesMailer) {
        let server = MockServer::start().await;
        let send = Mock::given(method("POST")).and(path("/v2/email/outbound-emails"));
        send.respond_with(answer).mount(&server).await;
        let mailer = mailer(&server.uri()).await;
        (server, mailer)
    }

    fn refusal(status: u16, code: &str, message: &str) -> ResponseTemplate {
        let answer = ResponseTemplate::new(status).insert_header("x-amzn-errortype", code);
        answer.set_body_json(json!({"message": message}))
    }

    #[tokio::test]
    async fn a_mail_goes_to_one_address_as_plain_text_with_a_subject_of_one_line() {
        let (server, mailer) = ses(ResponseTemplate::new(200).set_body_json(json!({"MessageId": "m-1"}))).await;
        mailer.send(&mail()).await.unwrap();
        let requests = server.received_requests().await.unwrap();
        assert_eq!(requests.len(), 1);
        let sent: Value = requests[0].body_json().unwrap();
        let expected = json!({
            "FromEmailAddress": "alerts@psa.example.com",
            "Destination": {"ToAddresses": ["billing@example.com"]},
            "Content": {"Simple": {
                "Subject": {"Data": "Müller & Söhne:  Bcc: evil@example.com", "Charset": "UTF-8"},
                "Body": {"Text": {"Data": "3 lines wait.\nDecide them.", "Charset": "UTF-8"}},
            }},
        });
        assert_eq!(sent, expected);
    }

    #[tokio::test]
    async fn a_refusal_is_reported_in_the_services_words() {
        let words = "Email address is not verified.";
        let (_server, mailer) = ses(refusal(400, "MessageRejected", words)).await;
        let error = mailer.send(&mail()).await.unwrap_err();
        let expected = "the mail service refuses the mail: MessageRejected: Email address is not verified.";
        assert_eq!(error.to_string(), expected);
    }

    #[tokio::test]
    async fn transient_errors_differ_from_refusals() {
        for (status, code, passes) in [
            (429, "TooManyRequestsException", true),
            (400, "ThrottlingException", true),
            (400, "LimitExceededException", true),
            (500, "InternalServiceErrorException", true),
            (503, "Unknown", true),
            (400, "MessageRejected", false),
            (400, "BadRequestException", false),
            (400, "AccountSuspendedException", false),
            (400, "SendingPausedException", false),
            (400, "MailFromDomainNotVerifiedException", false),
            (403, "AccessDeniedException", false),
            (404, "NotFoundException", false),
        ] {
            let (_server, mailer) = ses(refusal(status, code, "words")).await;
            let error = mailer.send(&mail()).await.unwrap_err();
            assert_eq!(error.is_retryable(), passes, "{status} {error}");
            assert!(error.to_string().ends_with(&format!("{code}: words")), "{error}");
        }
    }

    #[tokio::test]
    async fn an_unavailable_service_is_transient() {
        // Nothing listens on the discard port of loopback.
        let error = mailer("http://127.0.0.1:9").await.send(&mail()).await.unwrap_err();
        assert!(error.is_retryable(), "{error}");
    }
}
