//! `test --update` writes as `fmt -w` does: all of the new file or all of the old one, through links,
//! and never against what the file's permissions say.

use std::fs;

use super::process::ensue;

#[test]
fn an_update_keeps_links_and_heeds_permissions() {
    let dir = tempfile::tempdir().unwrap();
    let (real, link) = (dir.path().join("real.txt"), dir.path().join("rules.ensue"));
    let before = fs::read_to_string("fixtures/test/update/rules.ensue").unwrap();
    fs::write(&real, &before).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let words = format!("test {} --update", link.display());

    let mut permissions = fs::metadata(&real).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&real, permissions.clone()).unwrap();
    let refused = ensue(&words);
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(refused.err.contains("marked as read-only"), "{}", refused.err);
    assert_eq!(fs::read_to_string(&real).unwrap(), before);

    #[expect(clippy::permissions_set_readonly_false, reason = "it is a file of this test")]
    permissions.set_readonly(false);
    fs::set_permissions(&real, permissions).unwrap();
    let updated = ensue(&words);
    assert!(updated.err.contains("note: updated"), "{}", updated.err);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_ne!(fs::read_to_string(&real).unwrap(), before);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "nothing is left behind");
}
