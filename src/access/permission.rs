//! R2's four permission classes (R2 "API tokens").

use crate::s3::operation::Access;
use std::fmt;

/// What a key may do, regardless of the bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Everything: buckets, their settings and objects.
    AdminReadWrite,
    /// Read everything, and change nothing.
    AdminReadOnly,
    /// List, read and write objects. Not list, make or remove buckets, even if the key is for all of them.
    ObjectReadWrite,
    /// List and read objects.
    ObjectReadOnly,
}

impl Permission {
    /// All classes, the strongest first.
    pub const ALL: [Permission; 4] = [
        Permission::AdminReadWrite,
        Permission::AdminReadOnly,
        Permission::ObjectReadWrite,
        Permission::ObjectReadOnly,
    ];

    /// The name in settings and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Permission::AdminReadWrite => "admin-read-write",
            Permission::AdminReadOnly => "admin-read-only",
            Permission::ObjectReadWrite => "object-read-write",
            Permission::ObjectReadOnly => "object-read-only",
        }
    }

    /// The class of that name.
    pub fn parse(name: &str) -> Option<Permission> {
        Permission::ALL.into_iter().find(|permission| permission.name() == name)
    }

    /// Whether the class covers this kind of access.
    pub fn covers(self, access: Access) -> bool {
        match access {
            Access::ListObjects | Access::ReadObjects | Access::Unsigned => true,
            Access::WriteObjects => matches!(self, Permission::AdminReadWrite | Permission::ObjectReadWrite),
            Access::ListBuckets | Access::ReadConfiguration => self.is_admin(),
            Access::ManageBuckets | Access::WriteConfiguration => self == Permission::AdminReadWrite,
        }
    }

    fn is_admin(self) -> bool {
        matches!(self, Permission::AdminReadWrite | Permission::AdminReadOnly)
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_cover_what_r2_says() {
        use Permission::{AdminReadOnly, AdminReadWrite, ObjectReadWrite};
        for (access, may) in [
            (Access::ListBuckets, &[AdminReadWrite, AdminReadOnly][..]),
            (Access::ManageBuckets, &[AdminReadWrite]),
            (Access::ReadConfiguration, &[AdminReadWrite, AdminReadOnly]),
            (Access::WriteConfiguration, &[AdminReadWrite]),
            (Access::ListObjects, &Permission::ALL),
            (Access::ReadObjects, &Permission::ALL),
            (Access::WriteObjects, &[AdminReadWrite, ObjectReadWrite]),
            (Access::Unsigned, &Permission::ALL),
        ] {
            for permission in Permission::ALL {
                assert_eq!(permission.covers(access), may.contains(&permission), "{permission} {access:?}");
            }
        }
    }

    #[test]
    fn names_read_back() {
        for permission in Permission::ALL {
            assert_eq!(Permission::parse(permission.name()), Some(permission));
        }
        for unknown in ["", "admin", "Admin-Read-Write", "object-read-write "] {
            assert_eq!(Permission::parse(unknown), None, "{unknown}");
        }
    }
}
