//! Sessions: two browsers of one person, one ended from the other; and signing out.

use fluxor_tests::browser::Find::{Button, Css, Field, Link};
use fluxor_tests::browser::{Browsers, Scripts};

use super::decide::titled;
use super::scene::{at, come, purchase, site};

async fn two_browsers(scripts: Scripts) {
    let Some(browsers) = Browsers::start().await else { return };
    let site = site().await;
    let paper = purchase(&site, "ann", "Acme", "400.00 EUR").await;
    let (here, there) = tokio::join!(come(&browsers, &site, "bob", scripts), come(&browsers, &site, "bob", scripts));
    there.open("/inbox").await;
    here.open("/inbox").await;
    here.click(Link("Account")).await;
    titled(&here, "My account").await;
    // The one that the cookie was made with, and what the tests signed in with.
    let before = here.texts(".outcomes > li").await.len();
    assert_eq!((before, here.texts(".tag.open").await.len()), (2, 1));
    here.click(Button("End it")).await;
    here.wait_for("one is left", async |page| page.texts(".outcomes > li").await.len() == 1).await;

    // The other browser is led to the way in, and from there to where it wanted to go.
    there.click(Link(&paper.called("Purchase order"))).await;
    titled(&there, "Sign in").await;
    let wanted = paper.place.replace('/', "%2F");
    assert!(at(&there, &site).await.ends_with(&wanted), "{} {wanted}", at(&there, &site).await);
    there.fill(Field("Your key"), &site.keys["bob"]).await;
    there.click(Button("Sign in")).await;
    titled(&there, &paper.called("Purchase order")).await;

    here.click(Button("Sign out")).await;
    titled(&here, "Sign in").await;
    assert_eq!(here.cookies().await.len(), 0);
    // Nothing of it is shown by going back.
    here.back().await;
    here.wait_for("the way in", async |page| !page.text(Css("body")).await.contains("Bob Brückner")).await;
    // The other one goes on.
    there.click(Button("Approve")).await;
    there.wait_for("it is done", async |page| page.texts(".said").await == ["You approved it."]).await;
    here.close().await;
    there.close().await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_browser_ends_the_session_of_another() {
    two_browsers(Scripts::On).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_browser_ends_the_session_of_another_without_scripts() {
    two_browsers(Scripts::Off).await;
}
