use super::*;

#[tokio::test(start_paused = true)]
async fn a_redirect_between_nodes_is_followed_and_names_the_leader() {
    for request in [read(), update(), unnamed()] {
        let path = request.uri().path().to_owned();
        let script = led_by(9, move |_, sent| match sent.port() {
            1 => redirect(&format!("http://127.0.0.1:2{path}")),
            _ => success(),
        });
        let nodes = nodes_with(3, ReadPreference::LeaderPreferred, script);
        assert_eq!(status(&send(&nodes, request).await), 204);
        send(&nodes, update()).await.unwrap();
        assert_eq!(nodes.inner.ports(), [1, 2, 2], "the leader is known then");
        assert_eq!(nodes.inner.resets(), 0, "there was no other one before");
    }
}

#[tokio::test(start_paused = true)]
async fn a_redirect_to_a_new_leader_resets_connections() {
    let script = led_by(1, |number, sent| match (number, sent.port()) {
        (0, _) => success(),
        (_, 1) => redirect(&at(2)),
        _ => success(),
    });
    let nodes = nodes_with(2, ReadPreference::LeaderPreferred, script);
    send(&nodes, update()).await.unwrap();
    settle().await;
    send(&nodes, update()).await.unwrap();
    assert_eq!((nodes.inner.ports(), nodes.inner.resets()), (vec![1, 1, 2], 1));
}

async fn not_followed(
    script: Script,
    request: Request<Bytes>,
    behind: bool,
) -> (Nodes<Script>, String, Request<Bytes>) {
    let nodes = nodes_with(2, ReadPreference::LeaderPreferred, script);
    if behind {
        nodes.cluster.set_leader_unreachable();
    }
    let mut request = request;
    let error = nodes.exchange(&mut request, &Call::UNLIMITED).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Redirect);
    let source = std::error::Error::source(&error).unwrap().to_string();
    (nodes, source, request)
}

#[tokio::test(start_paused = true)]
async fn a_redirect_that_is_not_followed_has_a_reason() {
    let own = || led_by(9, |_, _| redirect(&at(1)));
    let (nodes, why, _) = not_followed(own(), update(), false).await;
    assert!(why.ends_with("it knows no leader"), "{why}");
    assert!(!nodes.cluster.is_leader_unreachable());

    // The leader is not a configured node: standbys have to forward.
    let away = || led_by(9, |_, _| redirect("http://10.0.0.1:8200/v1/identity/entity/id/e1"));
    let (nodes, why, _) = not_followed(away(), update(), false).await;
    assert!(why.contains("not one of the configured addresses"), "{why}");
    assert!(nodes.cluster.is_leader_unreachable());
    // A node that may forward gives no evidence.
    let (nodes, _, _) = not_followed(away(), read(), false).await;
    assert!(!nodes.cluster.is_leader_unreachable());

    // If standbys forward, a redirect can hide a write.
    let to_second = || {
        led_by(9, |_, sent| {
            if sent.port() == 1 {
                redirect(&format!("http://127.0.0.1:2{}", sent.uri.path()))
            } else {
                failure(NotSent)
            }
        })
    };
    let (nodes, why, _) = not_followed(to_second(), unnamed(), true).await;
    assert!(why.contains("may have been applied"), "{why}");
    assert_eq!(nodes.inner.ports(), [1]);
    let (nodes, why, request) = not_followed(to_second(), update(), true).await;
    assert!(why.contains("there is no connection to it"), "{why}");
    assert!(request.extensions().get::<Attempts>().unwrap().any_in_doubt());
    assert_eq!(nodes.inner.ports(), [1, 2]);
    let (_, _, request) = not_followed(to_second(), update(), false).await;
    assert!(!request.extensions().get::<Attempts>().is_some_and(Attempts::any_in_doubt));
    let (_, _, request) = not_followed(to_second(), read(), true).await;
    assert!(!request.extensions().get::<Attempts>().is_some_and(Attempts::any_in_doubt));

    let circle = led_by(9, |_, sent| redirect(&at(3 - sent.port())));
    let (nodes, why, _) = not_followed(circle, update(), false).await;
    assert!(why.contains("redirects as well"), "{why}");
    assert_eq!(nodes.inner.ports(), [1, 2]);

    let elsewhere = led_by(9, |_, _| response(302, ""));
    let (_, why, _) = not_followed(elsewhere, update(), false).await;
    assert!(why.contains("is not a redirect that Vault sends"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn a_redirect_to_a_node_that_is_down_is_not_followed() {
    let script = Script::new(|number, sent| match (sent.is_probe(), sent.port(), number) {
        (true, 2, _) => failure(NotSent),
        (true, ..) => response(429, ""),
        (false, ..) => redirect(&at(2)),
    });
    let nodes = nodes_with(2, ReadPreference::LeaderPreferred, script);
    nodes.health().await;
    let error = send(&nodes, update()).await.unwrap_err();
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("that node is down"));
    assert_eq!(nodes.inner.ports(), [1]);
    assert!(!nodes.cluster.is_leader_unreachable());
    tokio::time::sleep(Duration::from_secs(31)).await;
    send(&nodes, update()).await.unwrap_err();
    assert!(nodes.cluster.is_leader_unreachable(), "an election has ended by now");
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_redirects_to_itself_is_unreachable() {
    let nodes = nodes_with(
        2,
        ReadPreference::LeaderPreferred,
        led_by(1, |number, _| if number == 0 { success() } else { redirect(&at(1)) }),
    );
    send(&nodes, update()).await.unwrap();
    settle().await;
    send(&nodes, update()).await.unwrap_err();
    assert!(nodes.cluster.is_leader_unreachable());
}

#[tokio::test(start_paused = true)]
async fn redirects_are_responses_if_none_is_followed() {
    let script = || led_by(9, |_, _| redirect(&at(2)));
    let nodes = Nodes::new(
        cluster(2, ReadPreference::LeaderPreferred),
        RedirectPolicy::Never,
        Duration::from_secs(5),
        script(),
    );
    assert_eq!(status(&send(&nodes, update()).await), 307);
    let nodes = Nodes::new(
        cluster(2, ReadPreference::LeaderPreferred),
        RedirectPolicy::SameOrigin,
        Duration::from_secs(5),
        script(),
    );
    assert_eq!(send(&nodes, update()).await.unwrap_err().kind(), TransportErrorKind::Redirect);
    assert_eq!(nodes.inner.ports(), [1]);
    assert!(!nodes.cluster.is_leader_unreachable());
}
