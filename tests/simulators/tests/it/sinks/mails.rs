//! Alerts by mail: handed over as they are, repeated where that helps, and never waited for without end.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use serde_json::json;
use shared::aws::connect_local;
use shared::domain::mail_address::MailAddress;
use shared::error::MailError;
use shared::mail::SesMailer;
use shared::ports::{Mail, Mailer as _};
use simulators::mail_sink::{MailFault, MailSink, TakenMail};

fn mail(subject: &str) -> Mail {
    Mail {
        to: MailAddress::parse("billing@example.com").unwrap(),
        subject: subject.to_owned(),
        text: "3 lines wait.\n\nDecide them, Müller.".to_owned(),
    }
}

fn mailer(aws: &SdkConfig) -> SesMailer {
    SesMailer::new(aws, MailAddress::parse("alerts@psa.example.com").unwrap())
}

fn taken(subject: &str) -> TakenMail {
    let mail = mail(subject);
    TakenMail {
        from: "alerts@psa.example.com".to_owned(),
        to: mail.to.to_string(),
        subject: mail.subject,
        text: mail.text,
    }
}

#[tokio::test]
async fn a_mail_arrives_as_it_was_sent() {
    let sink = MailSink::start().await.unwrap();
    let mailer = mailer(&connect_local(&sink.url()).await);
    mailer.send(&mail("Sync of Müller & Söhne: 3 lines wait")).await.unwrap();
    mailer.send(&mail("Sync\r\nBcc: evil@example.com")).await.unwrap();
    assert_eq!(sink.taken(), [taken("Sync of Müller & Söhne: 3 lines wait"), taken("Sync  Bcc: evil@example.com")]);
}

#[tokio::test]
async fn a_refusal_is_told_in_the_services_words_and_not_repeated() {
    let sink = MailSink::start().await.unwrap();
    sink.misbehave(MailFault::Refuse(400, "MessageRejected", "Email address is not verified."), u32::MAX);
    let error = mailer(&connect_local(&sink.url()).await).send(&mail("Sync")).await.unwrap_err();
    assert_eq!(error, MailError::Refused { why: "MessageRejected: Email address is not verified.".into() });
    assert_eq!((sink.requests(), sink.taken()), (1, Vec::new()));
}

#[tokio::test]
async fn a_mail_goes_out_once_the_service_takes_mails_again() {
    for fault in [
        MailFault::Refuse(429, "TooManyRequestsException", "Slow down."),
        MailFault::Refuse(500, "InternalServiceErrorException", "Sorry."),
    ] {
        let sink = MailSink::start().await.unwrap();
        sink.misbehave(fault.clone(), 1);
        mailer(&connect_local(&sink.url()).await).send(&mail("Sync")).await.unwrap();
        assert_eq!((sink.requests(), sink.taken()), (2, vec![taken("Sync")]), "{fault:?}");
    }
}

#[tokio::test]
async fn a_mail_whose_answer_was_lost_may_arrive_twice_and_never_not_at_all() {
    let sink = MailSink::start().await.unwrap();
    sink.misbehave(MailFault::LoseAnswer, 1);
    mailer(&connect_local(&sink.url()).await).send(&mail("Sync")).await.unwrap();
    assert_eq!(sink.taken(), [taken("Sync"), taken("Sync")]);
}

#[tokio::test]
async fn a_service_that_hangs_ends_as_one_that_is_away() {
    let sink = MailSink::start().await.unwrap();
    sink.misbehave(MailFault::Hang, u32::MAX);
    let impatient = TimeoutConfig::builder().operation_timeout(Duration::from_millis(200)).build();
    let aws = connect_local(&sink.url()).await.into_builder();
    let aws = aws.timeout_config(impatient).retry_config(RetryConfig::disabled()).build();
    let error = mailer(&aws).send(&mail("Sync")).await.unwrap_err();
    assert!(matches!(error, MailError::Unavailable { .. }), "{error}");
    assert_eq!((sink.requests(), sink.taken()), (1, Vec::new()));
}

#[tokio::test]
async fn the_service_takes_no_mail_that_is_unsigned_or_has_more_than_it_knows() {
    let sink = MailSink::start().await.unwrap();
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().unwrap();
    let address = format!("{}/v2/email/outbound-emails", sink.url());
    let post = async |signed: &str, to: &[&str], subject: &str| {
        let text = |text: &str| json!({"Data": text, "Charset": "UTF-8"});
        let mail = json!({
            "FromEmailAddress": "alerts@psa.example.com",
            "Destination": {"ToAddresses": to},
            "Content": {"Simple": {"Subject": text(subject), "Body": {"Text": text("3 lines wait.")}}},
        });
        let request = client.post(&address).header("authorization", signed).json(&mail);
        request.send().await.unwrap().status().as_u16()
    };
    let signed = "AWS4-HMAC-SHA256 Credential=local/20261126/eu-central-1/ses/aws4_request, Signature=0";
    assert_eq!(post("", &["a@example.com"], "Sync").await, 403);
    assert_eq!(post(signed, &["a@example.com", "b@example.com"], "Sync").await, 400);
    assert_eq!(post(signed, &["a@example.com"], "Sync\r\nBcc: b@example.com").await, 400);
    assert!(sink.taken().is_empty());
    assert_eq!(post(signed, &["a@example.com"], "Sync").await, 200);
    assert_eq!(sink.taken().len(), 1);
}
